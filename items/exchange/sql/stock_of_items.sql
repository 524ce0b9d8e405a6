SELECT line, target_id AS item_id, s_location AS location_id, {holder} AS holder_id,
    outcome = 'create' OR as_new AS is_new, s_placed AS placed, s_quantity AS quantity, {due_at} AS due_at
FROM {plan_item} WHERE outcome <> 'refused' AND s_quantity IS NOT NULL
