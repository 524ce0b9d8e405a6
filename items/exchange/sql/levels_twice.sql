-- Refuse rows about a level that a row before them is about already.
UPDATE {plan_level} plan
SET problems = problems || ('location twice:' || twice.line || {unit})
FROM (
    SELECT target_id, s_location, min(line) AS line FROM {plan_level}
    WHERE cardinality(problems) = 0 GROUP BY target_id, s_location HAVING count(*) > 1
) AS twice
WHERE (plan.target_id, plan.s_location) = (twice.target_id, twice.s_location)
    AND plan.line > twice.line AND cardinality(problems) = 0
