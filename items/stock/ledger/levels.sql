-- How much of each item is at each location. In the order of their index, which is then read and
-- written from one end to the other.
WITH delta AS (
    SELECT item_id, location_id, sum(quantity) AS quantity FROM (
        SELECT item_id, source_id AS location_id, -quantity AS quantity FROM made
        UNION ALL SELECT item_id, destination_id, quantity FROM made
    ) AS each GROUP BY item_id, location_id ORDER BY item_id, location_id
), changed AS (
    UPDATE items_stocklevel level SET quantity = level.quantity + delta.quantity
    FROM delta
    WHERE (level.item_id, level.location_id) = (delta.item_id, delta.location_id)
    RETURNING level.item_id, level.location_id
)
INSERT INTO items_stocklevel (item_id, location_id, quantity, outside)
SELECT delta.item_id, delta.location_id, delta.quantity, location.kind = 'outside'
FROM delta JOIN items_location location ON location.id = delta.location_id
WHERE NOT EXISTS (
    SELECT FROM changed
    WHERE (changed.item_id, changed.location_id) = (delta.item_id, delta.location_id)
)
