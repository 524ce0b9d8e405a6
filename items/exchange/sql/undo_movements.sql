INSERT INTO items_movement (item_id, source_id, destination_id, quantity, kind, reason, reference,
    actor_id, loan_id, reverses_id)
SELECT made.item_id, destination_id, source_id, quantity, 'reversal', 'The import was undone.',
    reference, {actor}, loan_id, made.id
FROM items_movement made JOIN {undone} undone ON undone.item_id = made.item_id AND why = ''
WHERE reference = {reference} AND created_at = {applied} AND kind = {kind}
ORDER BY made.item_id
