INSERT INTO {users} (email, name, age, password, is_active, is_staff, is_superuser)
SELECT
    email,
    CASE
        WHEN pg_temp.draw(number, 'korean', 3) = 0
        THEN pg_temp.pick(number, 'family', %(korean_family_name)s)
            || pg_temp.pick(number, 'given', %(korean_given_name)s)
        ELSE pg_temp.pick(number, 'given', %(given_name)s) || ' '
            || pg_temp.pick(number, 'family', %(family_name)s)
    END,
    CASE WHEN pg_temp.draw(number, 'tells age', 10) > 0
        THEN 18 + pg_temp.draw(number, 'age', 50) END,
    '!',  -- what no password has as its hash
    pg_temp.draw(number, 'active', 20) > 0,
    false,
    false
FROM generate_series(%(first)s, %(last)s) number,
LATERAL (SELECT 'demo' || lpad(number::text, 6, '0') || '@example.org' AS email) named
WHERE NOT EXISTS (SELECT FROM {users} present WHERE present.email = named.email)
ORDER BY number
