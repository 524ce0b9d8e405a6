SELECT subject, outcome, count(*), count(*) FILTER (WHERE what = 'open'),
    count(*) FILTER (WHERE what = 'count'), count(*) FILTER (WHERE what = 'differs')
FROM {rows} GROUP BY subject, outcome ORDER BY subject, outcome
