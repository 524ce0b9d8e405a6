-- Every row of the plan, whatever it is about, as it is shown.
CREATE VIEW {rows} AS
SELECT plan.line, 'item' AS subject, plan.outcome, plan.target_id, plan.problems, plan.changed,
    plan.before, {after} AS after, stock.what, to_jsonb(stock) AS stock
FROM {plan_item} plan LEFT JOIN {stock} stock ON stock.line = plan.line
UNION ALL
SELECT line, 'person', outcome, target_id, problems, changed, before, jsonb_build_object(
    'email', n_email, 'name', n_name, 'age', n_age, 'is_active', n_is_active), NULL, NULL
FROM {plan_person}
UNION ALL
SELECT line, subject, outcome, target_id, problems, changed, before,
    jsonb_build_object('name', n_name), NULL, NULL
FROM {plan_place}
UNION ALL
SELECT plan.line, 'level', outcome, target_id, problems, changed, before,
    jsonb_build_object('sku', n_sku), stock.what, to_jsonb(stock)
FROM {plan_level} plan LEFT JOIN {stock} stock ON stock.line = plan.line
