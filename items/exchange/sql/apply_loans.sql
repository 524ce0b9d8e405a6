INSERT INTO items_loan (id, item_id, holder_id, quantity, returned, due_at, opened_at)
SELECT loan_id, item_id, holder_id, quantity, 0, due_at, {now} FROM {lent} lent ORDER BY loan_id
