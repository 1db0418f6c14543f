-- Grain: one row per currency, with the scope's days. Drops: charges the filter does not name.
WITH lines AS (
  SELECT currency, day, source, {metric} AS amount, charge_category = 'Usage' AND charge_class IS NULL AS is_usage
  FROM {relation} WHERE {where} AND day BETWEEN ? AND ?
), daily AS (
  SELECT currency, day, list(DISTINCT source) AS sources,
    coalesce(sum(amount) FILTER (is_usage), 0)::DECIMAL(38, 12) AS used, coalesce(sum(amount) FILTER (NOT is_usage), 0)::DECIMAL(38, 12) AS others
  FROM lines GROUP BY ALL
)
SELECT currency, list(day ORDER BY day), list(used ORDER BY day), list(others ORDER BY day), list_sort(list_distinct(flatten(list(sources))))
FROM daily GROUP BY currency ORDER BY currency
