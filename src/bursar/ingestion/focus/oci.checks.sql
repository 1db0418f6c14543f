-- table: oci_native — what the lines cost, by currency
SELECT cost_currency_code AS currency, count(*) AS lines, count(*) - count(cost_my_cost) AS blank, sum(cost_my_cost) AS cost
FROM raw
GROUP BY ALL

-- table: oci_charged — the same of the FOCUS rows
SELECT BillingCurrency AS currency, count(*) AS lines, sum(BilledCost) AS billed, sum(EffectiveCost) AS effective
FROM focus
GROUP BY ALL

-- check: oci-rows — Every line is one charge.
SELECT coalesce(theirs.lines, 0) AS lhs, coalesce(ours.lines, 0) AS rhs, 0 AS tolerance, currency AS detail
FROM oci_native AS theirs FULL JOIN oci_charged AS ours USING (currency)

-- check: oci-costs — No line lacks its cost.
SELECT coalesce(sum(blank), 0) AS lhs, 0 AS rhs, 0 AS tolerance, 'lines without cost' AS detail
FROM oci_native

-- check: oci-billed — What the lines cost is billed.
SELECT coalesce(cost, 0) AS lhs, coalesce(billed, 0) AS rhs, 0 AS tolerance, currency AS detail
FROM oci_native FULL JOIN oci_charged USING (currency)

-- check: oci-effective — Nothing is amortised: effective is billed.
SELECT coalesce(cost, 0) AS lhs, coalesce(effective, 0) AS rhs, 0 AS tolerance, currency AS detail
FROM oci_native FULL JOIN oci_charged USING (currency)
