-- Grain: resource and currency. What each costs over the days, and whose it is where every charge agrees. Drops: other resources.
SELECT resource_id, currency, sum(effective_cost) AS effective, count(DISTINCT day) AS days,
  CASE WHEN count(DISTINCT team) = 1 THEN any_value(team) END AS team, CASE WHEN count(DISTINCT env) = 1 THEN any_value(env) END AS env
FROM read_parquet([{files}])
WHERE day >= ? AND day < ? AND list_contains(?::VARCHAR[], resource_id)
GROUP BY ALL ORDER BY ALL
