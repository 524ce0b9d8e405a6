-- A row for each figure that is kept and is not what the movements add up to: what it is, what is
-- kept, what the movements say; ready for `LIMIT`, with how many there are in all.
-- All movements and levels are added up once, in thousandths (whole numbers add up faster), and
-- only what does not come to nothing is remembered: what is missing from the levels. All else
-- follows from the levels together with that.
WITH missing AS MATERIALIZED (
    SELECT item_id, location_id, sum(thousandths) AS thousandths FROM (
        SELECT item_id, source_id AS location_id, (-1000 * quantity)::bigint AS thousandths
        FROM items_movement
        UNION ALL SELECT item_id, destination_id, (1000 * quantity)::bigint FROM items_movement
        UNION ALL SELECT item_id, location_id, (-1000 * quantity)::bigint FROM items_stocklevel
    ) AS each GROUP BY item_id, location_id HAVING sum(thousandths) <> 0
), moved AS NOT MATERIALIZED (
    SELECT item_id, location_id, (1000 * quantity)::bigint AS thousandths FROM items_stocklevel
    UNION ALL SELECT item_id, location_id, thousandths::bigint FROM missing
), sums AS (
    SELECT item_id,
        coalesce(sum(thousandths) FILTER (WHERE kind = 'storage'), 0) / 1000 AS on_hand,
        coalesce(sum(thousandths) FILTER (WHERE kind = 'person'), 0) / 1000 AS on_loan
    FROM moved JOIN items_location location ON location.id = location_id
    GROUP BY item_id
), come_back AS (
    SELECT loan_id,
        sum(CASE WHEN source.kind = 'person' THEN quantity
            WHEN movement.kind = 'check_out' THEN 0 ELSE -quantity END) AS returned,
        max(movement.created_at) FILTER (WHERE movement.kind <> 'check_out') AS last_at
    FROM items_movement movement JOIN items_location source ON source.id = source_id
    WHERE loan_id IS NOT NULL GROUP BY loan_id
), loans AS (
    SELECT loan.id, item_id, loan.returned, closed_at,
        coalesce(come_back.returned, 0) AS come_back,
        CASE WHEN come_back.returned = quantity THEN last_at END AS last_at
    FROM items_loan loan LEFT JOIN come_back ON loan_id = loan.id
), held AS (
    SELECT item_id, location_id, sum(lent) / 1000 AS lent, sum(thousandths) / 1000 AS there FROM (
        SELECT item_id, location.id AS location_id,
            (1000 * (quantity - returned))::bigint AS lent, 0 AS thousandths
        FROM items_loan LEFT JOIN items_location location ON location.user_id = holder_id
        WHERE closed_at IS NULL
        UNION ALL
        SELECT item_id, location_id, 0, thousandths
        FROM moved JOIN items_location location ON location.id = location_id
        WHERE kind = 'person'
    ) AS each GROUP BY item_id, location_id HAVING sum(lent - thousandths) <> 0
), differences AS (
    SELECT 1 AS part, item_id, location_id, NULL::bigint AS loan_id, 'quantity' AS figure,
        trim_scale(coalesce(quantity, 0))::text AS kept,
        trim_scale(coalesce(quantity, 0) + thousandths / 1000)::text AS said
    FROM missing LEFT JOIN items_stocklevel USING (item_id, location_id)
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
        trim_scale(lent)::text, trim_scale(there)::text
    FROM held
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
