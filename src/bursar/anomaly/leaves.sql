-- Grain: one row per leaf (every attribute causes are sought by). Unique key: the attributes. Drops: nothing within the scope.
-- actual: the charges of the days; expected: for each of these days the median of the four equal weekdays before the first.
-- Of the resources those that changed most stand by themselves, the rest is one.
WITH usage AS (
  SELECT {attributes}, day, effective_cost AS amount FROM {relation}
  WHERE {where} AND kind <> 'shared' AND day BETWEEN ?::DATE - INTERVAL 28 DAYS AND ?::DATE
), daily AS (
  SELECT {attributes}, day, sum(amount) AS amount FROM usage GROUP BY ALL
), span AS (
  SELECT dayofweek(day) AS weekday, count(*) AS days
  FROM (SELECT unnest(generate_series(?::DATE, ?::DATE, INTERVAL 1 DAY)) AS day) GROUP BY ALL
), past AS (
  SELECT {attributes}, dayofweek(day) AS weekday, list_sort(list_resize(list(amount), 4, 0)) AS amounts
  FROM daily WHERE day < ?::DATE GROUP BY ALL
), sides AS (
  SELECT {attributes}, 0::DOUBLE AS actual, (amounts[2] + amounts[3])::DOUBLE / 2 * days AS expected
  FROM past JOIN span ON span.weekday = past.weekday
  UNION ALL
  SELECT {attributes}, amount::DOUBLE, 0 FROM daily WHERE day >= ?::DATE
), largest AS (
  SELECT resource_id AS kept FROM (
    SELECT resource_id, abs(sum(actual) - sum(expected)) AS change FROM sides GROUP BY resource_id
  ) WHERE resource_id IS NOT NULL ORDER BY change DESC, resource_id LIMIT {resources}
)
SELECT CASE WHEN resource_id IN (SELECT kept FROM largest) OR resource_id IS NULL THEN resource_id ELSE '{other}' END AS resource_id,
  {attributes_but_resource},
  round(sum(actual), 9) AS actual, round(sum(expected), 9) AS expected
FROM sides GROUP BY ALL HAVING sum(actual) <> 0 OR sum(expected) <> 0
ORDER BY ALL
