-- What new items begin with comes from outside.
INSERT INTO items_movement (item_id, source_id, destination_id, quantity, kind, reason, reference,
    actor_id, created_at)
SELECT item_id, {world}, location_id, quantity, 'receive', {reason}, {reference}, {actor}, {now}
FROM {stock} WHERE what = 'open' AND line BETWEEN %(first)s AND %(last)s ORDER BY item_id
