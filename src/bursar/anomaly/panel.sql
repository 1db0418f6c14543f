-- Grain: one row per series that is watched, and one `other` per parent that sums what is not. Unique key: all columns before days.
-- Drops: charges that are not usage, corrections of earlier months, and shares of pools (their money is in the pool's own line already): nothing is counted twice.
-- level is GROUPING_ID over (provider, account, service_name, team, service, env, unused): a bit is set where a column is summed over.
WITH usage AS (
  SELECT day, provider, sub_account_id AS account, service_name, team, service, env, currency, source,
    CASE WHEN commitment_discount_status = 'Unused' THEN 'unused' ELSE 'used' END AS unused, effective_cost AS amount
  FROM {relation}
  WHERE charge_category = 'Usage' AND charge_class IS NULL AND kind <> 'shared' AND day BETWEEN ? AND ?
), sums AS (
  SELECT GROUPING_ID(provider, account, service_name, team, service, env) AS level, unused, currency,
    provider, account, service_name, team, service, env, day, sum(amount) AS amount, list(DISTINCT source) AS sources
  FROM usage
  GROUP BY GROUPING SETS (
    (unused, currency, day),
    (unused, currency, day, provider),
    (unused, currency, day, provider, account),
    (unused, currency, day, provider, account, service_name),
    (unused, currency, day, team),
    (unused, currency, day, team, service),
    (unused, currency, day, team, service, env)
  )
), wanted AS (
  SELECT * FROM sums WHERE unused = 'used' OR level = {provider_level}
), sized AS (
  SELECT *, sum(amount) OVER (PARTITION BY level, unused, currency, provider, account, service_name, team, service, env
    ORDER BY day RANGE BETWEEN INTERVAL 27 DAYS PRECEDING AND CURRENT ROW) AS month
  FROM wanted
), series AS (
  SELECT level, unused, currency, provider, account, service_name, team, service, env,
    list(day ORDER BY day) AS days, list(amount ORDER BY day) AS amounts, flatten(list(sources)) AS sources, sum(amount) AS total,
    max(month) >= 28 * ? * {unit} OR max(amount) >= ? * {unit} AS is_large
  FROM sized GROUP BY ALL
), ranked AS (
  SELECT *, is_large AND row_number() OVER (
    ORDER BY is_large DESC, total DESC, level, currency, provider, account, service_name, team, service, env) <= ? AS is_watched
  FROM series
), rest AS (
  SELECT level, unused, currency,
    CASE WHEN level IN ({cloud_levels}) THEN provider END AS provider,
    CASE WHEN level = {cloud_service_level} THEN account END AS account,
    CASE WHEN level IN ({service_levels}) THEN team END AS team,
    CASE WHEN level = {env_level} THEN service END AS service,
    unnest(days) AS day, unnest(amounts) AS amount, sources
  FROM ranked WHERE NOT is_watched AND level <> {estate_level}
), others AS (
  SELECT level, unused, currency, provider, account, team, service, day, sum(amount) AS amount, flatten(list(sources)) AS sources
  FROM rest GROUP BY ALL
)
SELECT level, false AS is_other, unused, currency, provider, account, service_name, team, service, env,
  days, amounts, list_sort(list_distinct(sources)) AS sources
FROM ranked WHERE is_watched
UNION ALL
SELECT level, true, unused, currency, provider, account, NULL, team, service, NULL,
  list(day ORDER BY day), list(amount ORDER BY day), list_sort(list_distinct(flatten(list(sources))))
FROM others GROUP BY ALL
ORDER BY ALL
