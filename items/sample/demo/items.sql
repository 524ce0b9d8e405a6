INSERT INTO {items} (
    sku, name, description, category_id, owner_id, status, unit, unit_price, currency, tags,
    attributes, barcode, serial_number, reorder_point, created_at, updated_at
)
SELECT
    sku,
    CASE
        WHEN is_korean
        THEN pg_temp.pick(number, 'adjective', %(korean_adjective)s) || ' ' || kind.korean
        ELSE pg_temp.pick(number, 'adjective', %(adjective)s) || ' ' || kind.noun
    END || ' ' || pg_temp.pick(number, 'maker', %(maker)s) || ' ' || part,
    replace(
        CASE
            WHEN is_korean
            THEN pg_temp.pick(number, 'sentence', %(korean_sentence)s)
            ELSE pg_temp.pick(number, 'sentence', %(sentence)s)
        END,
        '{{part}}',
        other_part
    ),
    kind.category_id,
    owner.id,
    CASE
        WHEN pg_temp.draw(number, 'status', 100) < 90 THEN 'active'
        WHEN pg_temp.draw(number, 'status', 100) < 95 THEN 'draft'
        ELSE 'retired'
    END,
    kind.unit,
    CASE WHEN pg_temp.draw(number, 'has price', 20) > 0 THEN round(
        (price_from + (price_to - price_from) * pg_temp.draw(number, 'price', 10000) / 10000)
        * money.rate,
        money.decimals
    ) END,
    money.code,
    (%(tag)s::text[])[first_tag:first_tag + pg_temp.draw(number, 'tags', 4) - 1],
    CASE WHEN pg_temp.draw(number, 'is described', 4) = 0 THEN '{{}}' ELSE jsonb_build_object(
        'colour', pg_temp.pick(number, 'colour', %(colour)s),
        'weight_g', 10 + pg_temp.draw(number, 'weight', 20000),
        'made_in', 2010 + pg_temp.draw(number, 'year', 15)
    ) END,
    -- 20…29 is what GS1 leaves to each house, so that it is nobody's product
    CASE WHEN pg_temp.draw(number, 'has barcode', 3) > 0
        THEN pg_temp.ean13('29' || lpad(number::text, 10, '0')) END,
    CASE WHEN pg_temp.draw(number, 'is single', 10) = 0
        THEN 'DEMO-SN-' || upper(left(md5('serial' || number), 6)) || number END,
    CASE WHEN pg_temp.draw(number, 'is restocked', 5) = 0
        THEN 1 + pg_temp.draw(number, 'reorder', 50) END,
    made_at,
    made_at
FROM generate_series(%(first)s, %(last)s) number
CROSS JOIN LATERAL (
    SELECT
        'DEMO-' || lpad(number::text, 7, '0') AS sku,
        pg_temp.draw(number, 'korean', 4) = 0 AS is_korean,
        1 + pg_temp.draw(number, 'kind', cardinality(%(category_id)s::bigint[])) AS kind_at,
        1 + pg_temp.draw(number, 'currency', cardinality(%(code)s::text[])) AS money_at,
        1 + pg_temp.draw(number, 'tag', cardinality(%(tag)s::text[])) AS first_tag,
        pg_temp.pick(number, 'part', %(part)s) || '-'
            || lpad(pg_temp.draw(number, 'part number', 10000000)::text, 7, '0') AS part,
        pg_temp.pick(number, 'other part', %(part)s) || '-'
            || lpad(pg_temp.draw(number, 'other number', 10000000)::text, 7, '0') AS other_part,
        CASE WHEN pg_temp.draw(number, 'has owner', 8) > 0 AND %(users)s > 0
            THEN 'demo' || lpad((1 + pg_temp.draw(number, 'owner', %(users)s))::text, 6, '0')
                || '@example.org' END AS owner_email,
        timestamptz '2024-01-01 00:00:00Z'
            + make_interval(secs => pg_temp.draw(number, 'made at', 2 * 365 * 86400)) AS made_at
) drawn
JOIN unnest(
    %(category_id)s::bigint[], %(noun)s::text[], %(korean)s::text[], %(unit)s::text[],
    %(price_from)s::numeric[], %(price_to)s::numeric[]
) WITH ORDINALITY kind (category_id, noun, korean, unit, price_from, price_to, place)
    ON kind.place = kind_at
JOIN unnest(%(code)s::text[], %(rate)s::numeric[], %(decimals)s::integer[])
    WITH ORDINALITY money (code, rate, decimals, place)
    ON money.place = money_at
LEFT JOIN {users} owner ON owner.email = owner_email
WHERE NOT EXISTS (
    SELECT FROM {items} present
    WHERE lower(present.sku) COLLATE "C" = lower(drawn.sku) COLLATE "C"
)
ORDER BY number
