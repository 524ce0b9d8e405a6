-- What has moved since: it has a movement that is not the import's.
UPDATE {undone} undone SET why = 'It has been moved, lent, taken back or counted since.'
WHERE why = '' AND EXISTS (
    SELECT FROM items_movement movement
    WHERE movement.item_id = undone.item_id AND movement.created_at > {applied}
) AND EXISTS (
    SELECT FROM items_movement movement
    WHERE movement.item_id = undone.item_id AND movement.reference = {reference}
        AND movement.created_at = {applied}
)
