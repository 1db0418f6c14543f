-- Grain: day, currency and part. Parts: `touched` (the named resources, a snapshot by the last word of its id), `donor` (others of
-- the same provider, SKU and currency, charged on enough days before). Drops: every other charge.
WITH charge AS (
  SELECT day, provider, sku_id, currency, resource_id, team, env, effective_cost, billed_cost
  FROM read_parquet([{files}])
  WHERE day >= ? AND day < ? AND resource_id IS NOT NULL
), named AS (
  SELECT * FROM charge
  WHERE list_contains(?::VARCHAR[], resource_id) OR list_contains(?::VARCHAR[], regexp_extract(resource_id, '[^/]+$'))
), like_them AS (
  SELECT DISTINCT provider, sku_id, currency FROM charge WHERE list_contains(?::VARCHAR[], resource_id) AND day < ?
), donor AS (
  SELECT charge.resource_id, charge.currency FROM charge JOIN like_them USING (provider, sku_id, currency)
  WHERE NOT list_contains(?::VARCHAR[], charge.resource_id) AND charge.day < ?
  GROUP BY ALL HAVING count(DISTINCT charge.day) >= ?
)
SELECT 'touched' AS part, day, currency, count(DISTINCT resource_id) AS resources, sum(effective_cost) AS effective, sum(billed_cost) AS billed
FROM named GROUP BY ALL
UNION ALL
SELECT 'donor', day, currency, (SELECT count(*) FROM donor), sum(effective_cost), sum(billed_cost)
FROM charge SEMI JOIN donor ON donor.resource_id = charge.resource_id AND donor.currency = charge.currency GROUP BY ALL
ORDER BY ALL
