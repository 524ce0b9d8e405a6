-- Holders have what the file says by a loan, which a check-out opens.
DROP TABLE IF EXISTS {lent};
CREATE UNLOGGED TABLE {lent} AS
SELECT nextval(pg_get_serial_sequence('items_loan', 'id')) AS loan_id, stock.item_id,
    stock.location_id, stock.holder_id, home.id AS home_id, stock.quantity, stock.due_at
FROM {stock} stock JOIN items_location home ON home.user_id = stock.holder_id
WHERE stock.what = 'open' AND stock.holder_id IS NOT NULL
ORDER BY stock.line
