SELECT line, target_id AS item_id, s_location AS location_id, NULL::bigint AS holder_id, is_new,
    TRUE AS placed, s_quantity AS quantity, NULL::timestamptz AS due_at
FROM {plan_level} WHERE cardinality(problems) = 0
