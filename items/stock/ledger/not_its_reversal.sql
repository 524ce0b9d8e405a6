-- A reversal is its original turned round, which is no reversal itself.
SELECT 'A reversal is its original turned round, whole; and a reversal has none.'
FROM made JOIN items_movement original ON original.id = made.reverses_id
WHERE original.kind = 'reversal' OR (
    made.item_id, made.quantity, made.source_id, made.destination_id
) IS DISTINCT FROM (
    original.item_id, original.quantity, original.destination_id, original.source_id
) OR made.loan_id IS DISTINCT FROM original.loan_id
LIMIT 1
