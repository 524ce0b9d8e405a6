UPDATE items_item item SET {fields}
FROM {plan_item} plan JOIN {undone} undone ON undone.item_id = plan.target_id AND why = '',
    LATERAL jsonb_populate_record(NULL::items_item, (
        SELECT coalesce(jsonb_object_agg(CASE key WHEN 'category' THEN 'category_id' WHEN 'owner' THEN 'owner_id'
            ELSE key END, value), '{{}}')
        FROM jsonb_each(plan.before) AS each
    )) AS was
WHERE plan.outcome = 'update' AND item.id = plan.target_id
