-- Rows about how much of an item is where: of an item that is there, or that the file brings.
CREATE TABLE {plan_level} AS
SELECT raw.line, raw.key, NULL::int AS version, found.id AS target_id, found.is_new,
    NULL::text[] AS changed, NULL::jsonb AS before, node.id AS s_location, raw.location IS NOT NULL AS s_placed,
    quantity.value AS s_quantity, raw.sku AS n_sku,
    coalesce(string_to_array(raw.problem, {between}), '{{}}') || array_remove(ARRAY[
        CASE WHEN found.id IS NULL
            THEN 'sku unknown_item' || {unit} || left(coalesce(raw.sku, raw.key, ''), {shown}) END,
        CASE WHEN node.problem <> ''
            THEN 'location ' || node.problem || {unit} || left(node.cell, {shown}) END,
        CASE WHEN raw.quantity IS NULL THEN 'quantity required' || {unit} END,
        CASE WHEN raw.quantity ~ {ruined} THEN 'quantity ruined' || {unit} || left(raw.quantity, {shown})
            WHEN raw.quantity IS NOT NULL AND quantity.value IS NULL
            THEN 'quantity not_a_number' || {unit} || left(raw.quantity, {shown}) END,
        CASE WHEN quantity.value < 0
            THEN 'quantity negative' || {unit} || left(raw.quantity, {shown}) END,
        CASE WHEN quantity.value >= {too_large}
            THEN 'quantity too_large' || {unit} || left(raw.quantity, {shown}) END,
        CASE WHEN quantity.value <> round(quantity.value, {decimals})
            THEN 'quantity too_many_decimals:{decimals}' || {unit} || left(raw.quantity, {shown}) END
    ], NULL) AS problems
FROM {raw} raw
LEFT JOIN LATERAL (
    SELECT target_id AS id, outcome = 'create' OR as_new AS is_new FROM {plan_item} plan
    WHERE plan.outcome <> 'refused' AND (
        plan.key = raw.key
        OR lower(plan.n_sku) COLLATE "C" = lower(btrim(raw.sku)) COLLATE "C"
    )
    UNION ALL
    SELECT item.id, FALSE FROM items_item item
    WHERE lower(item.sku) COLLATE "C" = lower(btrim(raw.sku)) COLLATE "C"
    UNION ALL
    SELECT item_id, FALSE FROM items_externalkey
    WHERE item_id IS NOT NULL AND source = {source} AND items_externalkey.key = raw.key
    LIMIT 1
) AS found ON TRUE
LEFT JOIN {node} node ON node.what = 'location' AND node.cell = coalesce(raw.location, '')
LEFT JOIN LATERAL (
    SELECT CASE WHEN {number} ~ '^-?[0-9]+(\.[0-9]*)?$' AND char_length({number}) <= {max_digits}
        THEN ({number})::numeric END AS value
) AS quantity ON TRUE
WHERE raw.subject = 'level'
