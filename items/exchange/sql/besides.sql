-- What a plan would make besides its rows, because they name it: the first of each kind.
(SELECT 'category', path FROM {new_node} WHERE what = 'category' ORDER BY depth LIMIT %(size)s)
UNION ALL
(SELECT 'location', path FROM {new_node} WHERE what = 'location' ORDER BY depth LIMIT %(size)s)
UNION ALL
(SELECT 'person', name FROM {new_person} ORDER BY id LIMIT %(size)s)
