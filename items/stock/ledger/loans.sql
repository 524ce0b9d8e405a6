-- What has come back of each loan, and when the last of it did; what the check-out that opens it
-- has taken is its quantity.
UPDATE items_loan loan
SET returned = loan.returned + delta.returned,
    closed_at = CASE WHEN loan.returned + delta.returned >= loan.quantity THEN (
        SELECT max(created_at) FROM items_movement
        WHERE loan_id = loan.id AND kind <> 'check_out'
    ) END
FROM (
    SELECT loan_id, sum(CASE WHEN source.kind = 'person' THEN made.quantity
        WHEN made.kind = 'check_out' THEN 0 ELSE -made.quantity END) AS returned
    FROM made JOIN items_location source ON source.id = made.source_id
    WHERE loan_id IS NOT NULL GROUP BY loan_id
) AS delta
WHERE loan.id = delta.loan_id AND delta.returned <> 0
