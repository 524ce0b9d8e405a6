-- Whoever books for an item waits here for whoever does so at the moment; by id, so that two
-- that book for several do not wait for each other.
SELECT count(*) FROM (
    SELECT FROM items_item WHERE id IN (SELECT item_id FROM made) ORDER BY id FOR NO KEY UPDATE
) AS locked
