-- Where those have things who are lent something for the first time.
INSERT INTO items_location (name, kind, user_id)
SELECT left(person.name, {longest}), 'person', person.id FROM users_user person
WHERE person.id IN (SELECT holder_id FROM {stock} WHERE what = 'open')
    AND NOT EXISTS (SELECT FROM items_location WHERE user_id = person.id)
ORDER BY person.id
