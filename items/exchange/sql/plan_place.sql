-- What each row about a location or a category would do: they are found, or made, by their paths.
CREATE TABLE {plan_place} AS
WITH named AS (
    SELECT raw.line, raw.subject, raw.key, node.id AS target_id,
        coalesce(raw.extra::jsonb, '{{}}') AS more,
        coalesce(string_to_array(raw.problem, {between}), '{{}}') || array_remove(ARRAY[
            CASE WHEN node.problem <> ''
                THEN CASE raw.subject WHEN 'place' THEN 'location' ELSE raw.subject END
                    || ' ' || node.problem || {unit} || left(node.cell, {shown}) END,
            CASE WHEN node.id IS NULL AND coalesce(node.problem, '') = ''
                THEN 'location no_name' || {unit} END
        ], NULL) AS problems,
        new_node.path, new_node.id IS NOT NULL AS is_new, node.cell
    FROM {raw} raw
    LEFT JOIN {node} node ON (raw.subject = 'place' AND node.what = 'location'
            AND node.cell = raw.location)
        OR (raw.subject = 'category' AND node.what = 'category' AND node.cell = raw.category)
    LEFT JOIN {new_node} new_node ON new_node.id = node.id AND new_node.what = node.what
    WHERE raw.subject IN ('place', 'category')
), first AS (
    SELECT *, min(line) OVER (PARTITION BY subject, target_id) AS first_line FROM named
)
SELECT first.line, first.subject, coalesce(first.key, first.cell) AS key,
    NULL::int AS version, first.target_id, NULL::text[] AS changed, NULL::jsonb AS before,
    CASE WHEN cardinality(problems) > 0 OR line > first_line THEN 'refused'
        WHEN is_new THEN 'create'
        WHEN first.more <> '{{}}' AND subject = 'place'
            AND coalesce(kept.more, '{{}}') || first.more IS DISTINCT FROM coalesce(kept.more, '{{}}')
            THEN 'update'
        ELSE 'unchanged' END AS outcome,
    CASE WHEN cardinality(problems) = 0 AND line > first_line
        THEN ARRAY['location twice:' || first_line || {unit} || left(cell, {shown})]
        ELSE problems END AS problems,
    first.more, coalesce(first.path, replace(first.cell, {unit}, ' / ')) AS n_name
FROM first
LEFT JOIN items_externalkey kept ON kept.location_id = first.target_id AND kept.source = {source}
    AND kept.key = coalesce(first.key, first.cell)
