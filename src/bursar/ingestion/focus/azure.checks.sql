-- table: azure_native — what each run cost, by currency; `rows` are those of the run that become charges
WITH rows AS (
  SELECT
    billing_currency_code AS currency,
    source_role = 'amortised' AS is_amortised,
    cost_in_billing_currency AS cost,
    lower(charge_type) IN ('purchase', 'refund') AND CASE
      WHEN has_pricing_model THEN lower(replace(pricing_model, ' ', '')) IN ('reservation', 'savingsplan')
      ELSE coalesce(benefit_id, reservation_id) IS NOT NULL
    END AS is_commitment,
    source_role = '' AND (starts_with(lower(charge_type), 'unused') OR (
      lower(charge_type) = 'usage' AND cost_in_billing_currency <> 0
      AND lower(replace(pricing_model, ' ', '')) IN ('reservation', 'savingsplan')
    )) AS looks_amortised,
    exported_at >= period_end + INTERVAL 5 DAY OR exported_at IS NULL AS is_closed
  FROM raw
)
SELECT
  currency,
  sum(cost) FILTER (NOT is_amortised) AS actual,
  sum(cost) FILTER (is_amortised) AS amortised,
  count(*) FILTER (NOT is_amortised) AS actual_lines,
  count(*) FILTER (is_amortised) AS amortised_lines,
  count(*) FILTER (coalesce(is_commitment, false) AND NOT is_amortised) AS commitments,
  count(*) FILTER (coalesce(is_commitment, false) AND is_amortised) AS spread_commitments,
  count(*) FILTER (coalesce(looks_amortised, false)) AS suspects,
  count(*) - count(cost) AS blank,
  bool_and(is_closed) AS is_closed
FROM rows
GROUP BY ALL

-- table: azure_charged — the same of the FOCUS rows
SELECT BillingCurrency AS currency, count(*) AS lines, sum(BilledCost) AS billed, sum(EffectiveCost) AS effective
FROM focus
GROUP BY ALL

-- check: azure-actual — Amortised costs alone are no bill: the actual run of the month is needed too.
SELECT coalesce(sum(amortised_lines), 0) AS lhs, 0 AS rhs, 0 AS tolerance, 'amortised rows, and no actual ones' AS detail
FROM azure_native
HAVING coalesce(sum(actual_lines), 0) = 0

-- check: azure-loose — A file of unknown kind that spreads commitments is an amortised one, and no bill alone.
SELECT coalesce(sum(suspects), 0) AS lhs, 0 AS rhs, 0 AS tolerance, 'rows with amortised costs; ingest the actual costs beside them' AS detail
FROM azure_native
HAVING coalesce(sum(amortised_lines), 0) = 0

-- check: azure-costs — No row lacks its cost.
SELECT coalesce(sum(blank), 0) AS lhs, 0 AS rhs, 0 AS tolerance, 'rows without cost' AS detail
FROM azure_native

-- check: azure-rows — Every amortised row and every commitment of the actual run is one charge.
SELECT
  CASE WHEN sum(amortised_lines) > 0 THEN sum(amortised_lines) - sum(spread_commitments) + sum(commitments) ELSE coalesce(sum(actual_lines), 0) END AS lhs,
  (SELECT coalesce(sum(lines), 0) FROM azure_charged) AS rhs,
  0 AS tolerance,
  'rows' AS detail
FROM azure_native

-- check: azure-billed — What is billed is the actual run, to the last digit once the month is closed.
SELECT
  coalesce(actual, 0) AS lhs,
  coalesce(billed, 0) AS rhs,
  CASE WHEN coalesce(is_closed, true) THEN 0 ELSE abs(coalesce(actual, 0) - coalesce(billed, 0)) END AS tolerance,
  currency AS detail
FROM azure_native FULL JOIN azure_charged USING (currency)

-- check: azure-effective — What is effective is the amortised run, of the actual run where there is no other.
SELECT
  coalesce(CASE WHEN (SELECT sum(amortised_lines) FROM azure_native) > 0 THEN amortised ELSE actual END, 0) AS lhs,
  coalesce(effective, 0) AS rhs,
  0 AS tolerance,
  currency AS detail
FROM azure_native FULL JOIN azure_charged USING (currency)
