-- What the ids in some rows of a plan stand for, those that are only planned too.
WITH RECURSIVE category (id, parent_id, path) AS (
    SELECT id, parent_id, name::text FROM items_category WHERE id = ANY(%(category)s)
    UNION ALL
    SELECT category.id, above.parent_id, above.name || {between} || path
    FROM category JOIN items_category above ON above.id = category.parent_id
), location (id, parent_id, path) AS (
    SELECT id, parent_id, name::text FROM items_location WHERE id = ANY(%(location)s)
    UNION ALL
    SELECT location.id, above.parent_id, above.name || {between} || path
    FROM location JOIN items_location above ON above.id = location.parent_id
)
SELECT what, id, path FROM {new_node}
WHERE id = ANY(CASE what WHEN 'category' THEN %(category)s ELSE %(location)s END)
UNION ALL
SELECT 'person', id, name FROM {new_person} WHERE id = ANY(%(person)s)
UNION ALL
SELECT 'category', id, path FROM category WHERE parent_id IS NULL
UNION ALL
SELECT 'location', id, path FROM location WHERE parent_id IS NULL
UNION ALL
SELECT 'person', id, name FROM {users} WHERE id = ANY(%(person)s)
