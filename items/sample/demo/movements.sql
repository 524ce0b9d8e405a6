-- Eight movements make a story of one item, which takes no more than it has brought: so that no
-- level is ever negative, wherever the last story ends.
WITH wanted AS MATERIALIZED (
    SELECT number, (number - 1) / 8 AS story, mod(number - 1, 8) AS step, reference
    FROM generate_series(%(first)s, %(last)s) number,
    LATERAL (SELECT 'DEMO-' || lpad(number::text, 8, '0') AS reference) named
    WHERE NOT EXISTS (SELECT FROM {movements} present WHERE present.reference = named.reference)
), stories AS MATERIALIZED (
    SELECT
        coalesce(begun.item_id, item.id) AS item_id,
        person.id AS holder_id,
        coalesce(lending.destination_id, person.location_id) AS person_at,
        coalesce(lending.loan_id, nextval(pg_get_serial_sequence('{loans}', 'id'))) AS loan_id,
        (%(shelf)s::bigint[])[1 + first_at] AS "from",
        (%(shelf)s::bigint[])[1 + mod(first_at + 1 + near, shelves)] AS "to",
        (%(shelf)s::bigint[])[1 + mod(first_at + shelves / 2 + far, shelves)] AS aside,
        drawn.*
    FROM (SELECT DISTINCT story AS number FROM wanted) told
    CROSS JOIN LATERAL (
        SELECT
            told.number AS story,
            cardinality(%(shelf)s::bigint[]) AS shelves,
            pg_temp.draw(number, 'item', (SELECT count(*)::integer FROM demo_item)) AS item_at,
            pg_temp.draw(number, 'person', (SELECT count(*)::integer FROM demo_person)) AS who_at,
            20 + pg_temp.draw(number, 'received', 80) AS received,
            1 + pg_temp.draw(number, 'lent', 5) AS lent,
            pg_temp.draw(number, 'ending', 3) AS ending,
            10 + pg_temp.draw(number, 'received again', 40) AS again,
            7 + pg_temp.draw(number, 'due', 60) AS due_days
    ) drawn
    CROSS JOIN LATERAL (
        SELECT
            pg_temp.draw(number, 'shelf', shelves) AS first_at,
            pg_temp.draw(number, 'near', shelves / 2 - 1) AS near,
            pg_temp.draw(number, 'far', shelves / 2 - 1) AS far
    ) places
    JOIN demo_item item ON item.place = 1 + item_at
    JOIN demo_person person ON person.place = 1 + who_at
    LEFT JOIN {movements} begun
        ON begun.reference = 'DEMO-' || lpad((8 * number + 1)::text, 8, '0')
    LEFT JOIN {movements} lending
        ON lending.reference = 'DEMO-' || lpad((8 * number + 4)::text, 8, '0')
), steps AS MATERIALIZED (
    SELECT wanted.number, wanted.reference, holder_id, item_id, due_days, done.*,
        timestamptz '2024-01-01 00:00:00Z'
            + interval '730 days' * ((wanted.number - 1)::float8 / %(count)s) AS made_at
    FROM wanted JOIN stories USING (story)
    CROSS JOIN LATERAL (
        SELECT 1 + pg_temp.draw(story, 'moved', received / 2) AS moved
    ) one
    CROSS JOIN LATERAL (
        SELECT 1 + pg_temp.draw(story, 'put aside', received - moved - lent) AS put_aside
    ) two
    CROSS JOIN LATERAL (VALUES
        (0, 'receive', %(supplier)s, "from", received, NULL),
        (1, 'transfer', "from", "to", moved, NULL),
        (2, 'issue', "to", %(customer)s, 1 + pg_temp.draw(story, 'issued', moved), NULL),
        (3, 'check_out', "from", person_at, lent, loan_id),
        (4, 'transfer', "from", aside, put_aside, NULL),
        (
            5,
            CASE WHEN ending < 2 THEN 'check_in' ELSE 'count' END,
            CASE WHEN ending < 2 THEN person_at ELSE %(miscount)s END,
            "from",
            CASE WHEN ending = 0 THEN lent ELSE 1 END,
            CASE WHEN ending < 2 THEN loan_id END
        ),
        (6, 'receive', %(supplier)s, "to", again, NULL),
        (7, 'issue', aside, %(customer)s, 1 + pg_temp.draw(story, 'used', put_aside), NULL)
    ) done (at, kind, source_id, destination_id, quantity, loan_id)
    WHERE done.at = step
), lent AS (
    INSERT INTO {loans} (id, item_id, holder_id, quantity, returned, opened_at, due_at)
    SELECT loan_id, item_id, holder_id, quantity, 0, made_at, made_at + due_days * interval '1 day'
    FROM steps WHERE kind = 'check_out' ORDER BY number
)
INSERT INTO {movements} (
    kind, item_id, source_id, destination_id, quantity, loan_id, reason, reference, created_at
)
SELECT kind, item_id, source_id, destination_id, quantity, loan_id, '', reference, made_at
FROM steps ORDER BY number
