-- What each row says of the stock, and what is there by the books: opened, counted, or only shown.
CREATE TABLE {stock} AS
WITH asked AS (
    {asked}
), summed AS (
    SELECT min(line) AS line, item_id, location_id, holder_id, bool_and(is_new) AS is_new,
        bool_and(placed) AS placed, sum(quantity) AS quantity, max(due_at) AS due_at
    FROM asked GROUP BY item_id, location_id, holder_id
), beside AS (
    SELECT summed.*, is_new OR NOT EXISTS (
            SELECT FROM items_movement movement WHERE movement.item_id = summed.item_id
        ) AS is_first,
        CASE WHEN is_new THEN 0
            WHEN holder_id IS NOT NULL THEN (
                SELECT coalesce(sum(loan.quantity - loan.returned), 0) FROM items_loan loan
                WHERE loan.item_id = summed.item_id AND loan.holder_id = summed.holder_id
                    AND closed_at IS NULL)
            WHEN NOT placed THEN (SELECT on_hand FROM items_item WHERE id = summed.item_id)
            ELSE coalesce((
                SELECT level.quantity FROM items_stocklevel level
                WHERE level.item_id = summed.item_id AND level.location_id = summed.location_id
            ), 0) END AS there
    FROM summed
)
SELECT *, CASE WHEN quantity = there THEN 'same'
    WHEN is_first THEN 'open'
    -- All of it is somewhere else: it has been moved, which is no matter of counting.
    WHEN there = 0 AND quantity = (SELECT on_hand FROM items_item WHERE id = item_id) THEN 'differs'
    WHEN {count} AND placed AND holder_id IS NULL THEN 'count'
    ELSE 'differs' END AS what
FROM beside
