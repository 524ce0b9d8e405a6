-- Of how many quantities that are to be booked the books are not any more as they were planned.
SELECT count(*) FROM (
    SELECT stock.*, item.on_hand + item.on_loan AS there_now
    FROM {stock} stock JOIN items_item item ON item.id = stock.item_id
    WHERE what IN ('open', 'count') ORDER BY item.id FOR NO KEY UPDATE OF item
) AS locked
WHERE EXISTS (
    SELECT FROM items_movement movement
    WHERE movement.item_id = locked.item_id AND movement.created_at > {planned_at}
) OR CASE WHEN what = 'open' THEN there_now <> 0 ELSE there <> coalesce((
    SELECT quantity FROM items_stocklevel level
    WHERE (level.item_id, level.location_id) = (locked.item_id, locked.location_id)
), 0) END
