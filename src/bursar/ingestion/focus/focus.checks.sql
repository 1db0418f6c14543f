-- table: focus_native — what the file says, by currency; `spared` is Azure's effective cost of commitments bought
SELECT
  BillingCurrency AS currency,
  count(*) AS lines,
  count(*) FILTER (BilledCost IS NULL OR EffectiveCost IS NULL OR ListCost IS NULL OR (has_ContractedCost AND ContractedCost IS NULL)) AS blank,
  sum(BilledCost) AS billed,
  sum(EffectiveCost) AS effective,
  sum(ListCost) AS listed,
  sum(coalesce(ContractedCost, EffectiveCost)) AS contracted,
  sum(EffectiveCost) FILTER (
    lower(ChargeCategory) = 'purchase' AND CommitmentDiscountId IS NOT NULL
    AND regexp_matches(lower(coalesce(ProviderName, ServiceProviderName, HostProviderName, InvoiceIssuerName, PublisherName, 'azure')), 'microsoft|azure')
  ) AS spared
FROM raw
GROUP BY ALL

-- table: focus_charged — the same of our rows
SELECT
  BillingCurrency AS currency,
  count(*) AS lines,
  sum(BilledCost) AS billed,
  sum(EffectiveCost) AS effective,
  sum(ListCost) AS listed,
  sum(ContractedCost) AS contracted
FROM focus
GROUP BY ALL

-- check: focus-rows — Every row of the file is one charge.
SELECT coalesce(theirs.lines, 0) AS lhs, coalesce(ours.lines, 0) AS rhs, 0 AS tolerance, currency AS detail
FROM focus_native AS theirs FULL JOIN focus_charged AS ours USING (currency)

-- check: focus-costs — No row lacks one of its four costs.
SELECT coalesce(sum(blank), 0) AS lhs, 0 AS rhs, 0 AS tolerance, 'rows without a cost' AS detail
FROM focus_native

-- check: focus-billed — Billed costs pass unchanged.
SELECT coalesce(theirs.billed, 0) AS lhs, coalesce(ours.billed, 0) AS rhs, 0 AS tolerance, currency AS detail
FROM focus_native AS theirs FULL JOIN focus_charged AS ours USING (currency)

-- check: focus-effective — Effective costs pass unchanged, but those of commitments bought from Azure, which are none.
SELECT coalesce(theirs.effective, 0) - coalesce(spared, 0) AS lhs, coalesce(ours.effective, 0) AS rhs, 0 AS tolerance, currency AS detail
FROM focus_native AS theirs FULL JOIN focus_charged AS ours USING (currency)

-- check: focus-list — List costs pass unchanged.
SELECT coalesce(theirs.listed, 0) AS lhs, coalesce(ours.listed, 0) AS rhs, 0 AS tolerance, currency AS detail
FROM focus_native AS theirs FULL JOIN focus_charged AS ours USING (currency)

-- check: focus-contracted — Contracted costs pass unchanged; a version without them has the effective ones.
SELECT coalesce(theirs.contracted, 0) AS lhs, coalesce(ours.contracted, 0) AS rhs, 0 AS tolerance, currency AS detail
FROM focus_native AS theirs FULL JOIN focus_charged AS ours USING (currency)
