-- The sums of each item.
UPDATE items_item item
SET on_hand = item.on_hand + delta.on_hand, on_loan = item.on_loan + delta.on_loan
FROM (
    SELECT item_id,
        coalesce(sum(quantity) FILTER (WHERE kind = 'storage'), 0) AS on_hand,
        coalesce(sum(quantity) FILTER (WHERE kind = 'person'), 0) AS on_loan
    FROM (
        SELECT item_id, source_id AS location_id, -quantity AS quantity FROM made
        UNION ALL SELECT item_id, destination_id, quantity FROM made
    ) AS each JOIN items_location location ON location.id = location_id
    GROUP BY item_id ORDER BY item_id
) AS delta
WHERE item.id = delta.item_id AND (delta.on_hand, delta.on_loan) <> (0, 0)
