-- The holders that are not there yet, as far as a row that is applied names them.
WITH made AS (
    INSERT INTO users_user (id, email, name, password, is_active, is_staff, is_superuser)
    SELECT new.id, new.email, new.name, {no_password}, TRUE, FALSE, FALSE
    FROM {new_person} new
    WHERE new.id IN (SELECT holder_id FROM {stock} WHERE what = 'open')
    ORDER BY new.id RETURNING id
)
INSERT INTO items_externalkey (source, key, user_id, more)
SELECT {source}, new.key, new.id, '{{}}' FROM {new_person} new JOIN made USING (id)
WHERE new.key <> ''
ON CONFLICT DO NOTHING
