-- What can be counted and who can borrow, numbered from 1, until the connection ends.
DROP TABLE IF EXISTS pg_temp.demo_item, pg_temp.demo_person;
CREATE TEMP TABLE demo_item AS
SELECT row_number() OVER (ORDER BY sku)::integer AS place, id
FROM {items} WHERE sku ~ '^DEMO-[0-9]{{7}}$' AND serial_number IS NULL;
ALTER TABLE demo_item ADD PRIMARY KEY (place);

CREATE TEMP TABLE demo_person AS
SELECT row_number() OVER (ORDER BY email)::integer AS place, users.id, locations.id AS location_id
FROM {users} users JOIN {locations} locations ON locations.user_id = users.id
WHERE email ~ '^demo[0-9]{{6}}@example[.]org$';
ALTER TABLE demo_person ADD PRIMARY KEY (place);

ANALYZE demo_item, demo_person;
