-- What a plan would make besides its rows, because they name it: the first of each kind.
WITH named AS (
    SELECT what, path, depth FROM {needed_node}
    WHERE id NOT IN (SELECT target_id FROM {plan_place} WHERE outcome = 'create')
)
(SELECT what, path FROM named WHERE what = 'category' ORDER BY depth LIMIT %(size)s)
UNION ALL
(SELECT what, path FROM named WHERE what = 'location' ORDER BY depth LIMIT %(size)s)
UNION ALL
(SELECT 'person', name FROM {new_person}
WHERE id IN (SELECT holder_id FROM {stock} WHERE what = 'open') ORDER BY id LIMIT %(size)s)
