-- What becomes of rows about levels; of several of one place that are added up, the first tells.
ALTER TABLE {plan_level} ADD COLUMN outcome text;
UPDATE {plan_level} plan
SET outcome = CASE WHEN cardinality(plan.problems) > 0 THEN 'refused'
    WHEN stock.what = 'open' THEN 'create' WHEN stock.what = 'count' THEN 'update'
    ELSE 'unchanged' END
FROM {plan_level} each LEFT JOIN {stock} stock
    ON (stock.item_id, stock.location_id) = (each.target_id, each.s_location)
        AND stock.holder_id IS NULL
WHERE each.line = plan.line
