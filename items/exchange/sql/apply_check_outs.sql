INSERT INTO items_movement (item_id, source_id, destination_id, quantity, kind, reason, reference,
    actor_id, loan_id, created_at)
SELECT item_id, location_id, home_id, quantity, 'check_out', {reason}, {reference}, {actor},
    loan_id, {now}
FROM {lent} lent ORDER BY item_id
