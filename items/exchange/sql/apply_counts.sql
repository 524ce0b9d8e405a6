-- What is counted differently goes to, or comes from, outside.
INSERT INTO items_movement (item_id, source_id, destination_id, quantity, kind, reason, reference,
    actor_id, created_at)
SELECT item_id, CASE WHEN quantity > there THEN {world} ELSE location_id END,
    CASE WHEN quantity > there THEN location_id ELSE {world} END,
    abs(quantity - there), 'count', {reason}, {reference}, {actor}, {now}
FROM {stock} WHERE what = 'count' ORDER BY item_id
