-- What a person has, they have by a loan of theirs; and a loan is of nothing else.
SELECT 'A movement from or to a person belongs to that person''s loan of the item.'
FROM made
JOIN items_location source ON source.id = made.source_id
JOIN items_location destination ON destination.id = made.destination_id
LEFT JOIN items_loan loan ON loan.id = made.loan_id
WHERE CASE WHEN 'person' IN (source.kind, destination.kind)
    THEN (loan.item_id, loan.holder_id) IS DISTINCT FROM
        (made.item_id, coalesce(source.user_id, destination.user_id))
        OR (made.kind = 'check_out' AND loan.quantity <> made.quantity)
    ELSE made.loan_id IS NOT NULL END
LIMIT 1
