UPDATE {plan} plan
SET outcome = 'refused',
    problems = problems || ({twice} || first.line || {unit} || left({shown}::text, {shown_length}))
FROM (
    SELECT {same} AS same, min(line) AS line FROM {plan} plan
    WHERE outcome <> 'refused' AND {value} IS NOT NULL GROUP BY 1 HAVING count(*) > 1
) AS first
WHERE {same} = first.same AND plan.line > first.line AND outcome <> 'refused'
