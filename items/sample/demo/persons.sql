INSERT INTO {locations} (name, kind, user_id)
SELECT name, 'person', id FROM {users}
WHERE email ~ '^demo[0-9]{{6}}@example[.]org$' AND is_active
    AND NOT EXISTS (SELECT FROM {locations} present WHERE present.user_id = {users}.id)
ORDER BY email
