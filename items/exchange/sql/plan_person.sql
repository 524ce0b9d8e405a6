-- What each row about a person would do. Found by the key of its source, then by e-mail.
CREATE TABLE {plan_person} AS
WITH typed AS MATERIALIZED (
    SELECT line, key, derived, lower(nullif(btrim(email), '')) AS email,
        nullif(btrim(name), '') AS name,
        CASE WHEN btrim(age) ~ '^[0-9]{{1,3}}$' AND btrim(age)::int <= {max_age} THEN btrim(age)::int
            END AS age,
        age IS NOT DISTINCT FROM {cleared} AS age_cleared,
        CASE WHEN lower(btrim(is_active)) IN ({yes}) THEN TRUE
            WHEN lower(btrim(is_active)) IN ({no}) THEN FALSE END AS is_active,
        coalesce(extra::jsonb, '{{}}') AS more,
        coalesce(string_to_array(problem, {between}), '{{}}') || array_remove(ARRAY[
            CASE WHEN char_length(btrim(name)) NOT BETWEEN 2 AND {name_length}
                THEN 'name person_name_length' || {unit} || left(name, {shown}) END,
            CASE WHEN age <> {cleared} AND btrim(age) <> ''
                AND NOT (btrim(age) ~ '^[0-9]{{1,3}}$' AND btrim(age)::numeric <= {max_age})
                THEN 'age not_a_number' || {unit} || left(age, {shown}) END,
            CASE WHEN lower(btrim(is_active)) NOT IN ({yes}, {no})
                THEN 'is_active not_a_choice:true | false' || {unit} || left(is_active, {shown}) END
        ], NULL) AS problems
    FROM {raw} WHERE subject = 'person'
), beside AS MATERIALIZED (
    SELECT typed.line, typed.key, typed.more, there.id AS found_id, NULL::int AS version,
        CASE WHEN typed.derived IS NOT NULL AND there.id IS NOT NULL THEN there.email
            ELSE coalesce(typed.email, there.email) END AS n_email,
        CASE WHEN btrim(there.name) = typed.name THEN there.name
            ELSE coalesce(typed.name, there.name) END AS n_name,
        CASE WHEN typed.age_cleared THEN NULL ELSE coalesce(typed.age, there.age) END AS n_age,
        coalesce(typed.is_active, there.is_active, TRUE) AS n_is_active,
        there.email AS o_email, there.name AS o_name, there.age AS o_age,
        there.is_active AS o_is_active,
        coalesce(kept.more, by_user.more, '{{}}') || typed.more
            IS DISTINCT FROM coalesce(kept.more, by_user.more, '{{}}') AS more_differs,
        typed.problems || array_remove(ARRAY[
            CASE WHEN there.id IS NULL AND typed.email IS NULL THEN 'email required' || {unit} END,
            CASE WHEN there.id IS NULL AND typed.name IS NULL THEN 'name required' || {unit} END,
            CASE WHEN by_email.id <> there.id
                THEN 'email taken:' || by_email.name || {unit} || typed.email END
        ], NULL) AS problems,
        {restricted} AND (there.is_superuser OR there.is_staff OR EXISTS (
            SELECT FROM users_user_groups WHERE user_id = there.id
        )) AS may_more
    FROM typed
    LEFT JOIN items_externalkey kept
        ON kept.user_id IS NOT NULL AND kept.source = {source} AND kept.key = typed.key
    LEFT JOIN users_user by_email ON by_email.email = typed.email
    LEFT JOIN users_user there ON there.id = coalesce(kept.user_id, by_email.id)
    LEFT JOIN LATERAL (
        SELECT more FROM items_externalkey
        WHERE user_id = there.id AND source = {source} AND typed.key IS NULL LIMIT 1
    ) AS by_user ON TRUE
), compared AS MATERIALIZED (
    SELECT *, array_remove(ARRAY[
        CASE WHEN n_email IS DISTINCT FROM o_email THEN 'email' END,
        CASE WHEN n_name IS DISTINCT FROM o_name THEN 'name' END,
        CASE WHEN n_age IS DISTINCT FROM o_age THEN 'age' END,
        CASE WHEN n_is_active IS DISTINCT FROM o_is_active THEN 'is_active' END
    ]::text[], NULL) AS changed FROM beside
), judged AS (
    SELECT *, CASE WHEN cardinality(problems) > 0 THEN 'refused'
        WHEN may_more AND cardinality(changed) > 0 THEN 'refused'
        WHEN found_id IS NULL THEN 'create'
        WHEN cardinality(changed) > 0 OR (more_differs AND key IS NOT NULL) THEN 'update'
        ELSE 'unchanged' END AS outcome
    FROM compared
)
SELECT line, key, more, outcome, version,
    CASE WHEN may_more AND cardinality(changed) > 0 AND cardinality(problems) = 0
        THEN ARRAY['email more_rights' || {unit} || n_email] ELSE problems END AS problems,
    CASE WHEN outcome = 'create' THEN nextval(pg_get_serial_sequence('users_user', 'id'))
        ELSE found_id END AS target_id,
    CASE WHEN outcome = 'update' THEN changed END AS changed,
    CASE WHEN outcome = 'update' THEN jsonb_build_object(
        'email', o_email, 'name', o_name, 'age', o_age, 'is_active', o_is_active
    ) END AS before,
    n_email, n_name, n_age, n_is_active
FROM judged
