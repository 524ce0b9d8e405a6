-- A row for each figure that is kept and is not what the movements add up to: what it is, what is
-- kept, what the movements say. The places of moved quantities are added up once, and all else
-- follows from them; ready for `LIMIT`, with how many there are in all.
WITH moved AS MATERIALIZED (
    SELECT item_id, location_id, sum(quantity) AS quantity FROM (
        SELECT item_id, source_id AS location_id, -quantity AS quantity FROM items_movement
        UNION ALL SELECT item_id, destination_id, quantity FROM items_movement
    ) AS each GROUP BY item_id, location_id
), sums AS (
    SELECT item_id,
        coalesce(sum(quantity) FILTER (WHERE kind = 'storage'), 0) AS on_hand,
        coalesce(sum(quantity) FILTER (WHERE kind = 'person'), 0) AS on_loan
    FROM moved JOIN items_location location ON location.id = location_id
    GROUP BY item_id
), come_back AS (
    SELECT loan_id,
        sum(CASE WHEN source.kind = 'person' THEN quantity
            WHEN movement.kind = 'check_out' THEN 0 ELSE -quantity END) AS returned,
        max(movement.created_at) FILTER (WHERE movement.kind <> 'check_out') AS last_at
    FROM items_movement movement JOIN items_location source ON source.id = source_id
    WHERE loan_id IS NOT NULL GROUP BY loan_id
), loans AS MATERIALIZED (
    SELECT loan.id, item_id, holder_id, loan.returned, closed_at,
        coalesce(come_back.returned, 0) AS come_back,
        CASE WHEN come_back.returned = quantity THEN last_at END AS last_at,
        quantity - loan.returned AS outstanding
    FROM items_loan loan LEFT JOIN come_back ON loan_id = loan.id
), held AS (
    SELECT item_id, location.id AS location_id, outstanding FROM (
        SELECT item_id, holder_id, sum(outstanding) AS outstanding
        FROM loans WHERE closed_at IS NULL GROUP BY item_id, holder_id
    ) AS open LEFT JOIN items_location location ON location.user_id = holder_id
), differences AS (
    SELECT 1 AS part, item_id, location_id, NULL::bigint AS loan_id, 'quantity' AS figure,
        trim_scale(coalesce(level.quantity, 0))::text AS kept,
        trim_scale(coalesce(moved.quantity, 0))::text AS said
    FROM items_stocklevel level FULL JOIN moved USING (item_id, location_id)
    WHERE coalesce(level.quantity, 0) <> coalesce(moved.quantity, 0)
    UNION ALL
    SELECT 2, item.id, NULL, NULL, figure, trim_scale(kept)::text, trim_scale(said)::text
    FROM items_item item LEFT JOIN sums ON item_id = item.id
    CROSS JOIN LATERAL (VALUES
        ('on_hand', item.on_hand, coalesce(sums.on_hand, 0)),
        ('on_loan', item.on_loan, coalesce(sums.on_loan, 0))
    ) AS each (figure, kept, said)
    WHERE (item.on_hand, item.on_loan)
        <> (coalesce(sums.on_hand, 0), coalesce(sums.on_loan, 0)) AND kept <> said
    UNION ALL
    SELECT 3, item_id, NULL, id, figure, kept, said
    FROM loans
    CROSS JOIN LATERAL (VALUES
        ('returned', trim_scale(returned)::text, trim_scale(come_back)::text),
        ('closed_at', coalesce(closed_at::text, 'null'), coalesce(last_at::text, 'null'))
    ) AS each (figure, kept, said)
    WHERE (returned, closed_at) IS DISTINCT FROM (come_back, last_at) AND kept <> said
    UNION ALL
    SELECT 4, item_id, location_id, NULL, 'by open loans',
        trim_scale(coalesce(outstanding, 0))::text, trim_scale(coalesce(quantity, 0))::text
    FROM held FULL JOIN (
        SELECT moved.* FROM moved JOIN items_location location ON location.id = location_id
        WHERE kind = 'person'
    ) AS with_persons USING (item_id, location_id)
    WHERE coalesce(outstanding, 0) <> coalesce(quantity, 0)
)
SELECT
    concat_ws(', ',
        CASE WHEN loan_id IS NOT NULL THEN format('loan %%s', loan_id) END,
        format('item %%s (%%s)', item_id, coalesce(sku, 'gone')),
        CASE WHEN part IN (1, 4)
            THEN format('location %%s (%%s)', location_id, coalesce(location.name, 'none')) END,
        figure
    ) AS what,
    kept, said, count(*) OVER () AS total
FROM differences
LEFT JOIN items_item item ON item.id = item_id
LEFT JOIN items_location location ON location.id = location_id
ORDER BY part, item_id, location_id, loan_id, figure
LIMIT %s
