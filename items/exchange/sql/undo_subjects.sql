-- Every item that the import made, changed or booked for, locked in the order of their ids; `why` it
-- stays as it is, where it does.
DROP TABLE IF EXISTS {undone};
CREATE UNLOGGED TABLE {undone} AS
WITH subject AS (
    SELECT target_id AS item_id, min(line) AS line, bool_or(outcome = 'create') AS is_made,
        max(version) AS version, bool_or(outcome = 'update') AS is_changed
    FROM (
        SELECT target_id, line, outcome, version FROM {plan_item}
        WHERE outcome IN ('create', 'update')
        UNION ALL
        SELECT item_id, line, what, NULL FROM {stock} WHERE what IN ('open', 'count')
    ) AS each GROUP BY target_id
)
SELECT subject.*, item.version AS version_now, ''::text AS why
FROM subject JOIN items_item item ON item.id = subject.item_id
ORDER BY item.id FOR NO KEY UPDATE OF item
