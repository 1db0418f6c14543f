-- table: aws_native — the line items summed once, by kind, commitment and currency; written apart from aws.sql on purpose
SELECT
  line_item_currency_code AS currency,
  coalesce(line_item_line_item_type, '') AS line_type,
  savings_plan_savings_plan_arn AS plan,
  reservation_reservation_arn AS reservation,
  coalesce(line_item_operation IN ('EKSPod-EC2', 'ECSTask-EC2'), false) OR split_line_item_parent_resource_id IS NOT NULL AS is_split,
  count(*) AS lines,
  count(*) - count(line_item_unblended_cost) AS blank,
  count(line_item_net_unblended_cost) AS net_lines,
  coalesce(sum(line_item_unblended_cost), 0) AS gross,
  coalesce(sum(coalesce(line_item_net_unblended_cost, CASE WHEN line_item_line_item_type LIKE '%Discount' THEN 0 ELSE line_item_unblended_cost END)), 0) AS net,
  coalesce(sum(discount_total_discount), 0) AS discounts,
  coalesce(sum(coalesce(reservation_net_amortized_upfront_fee_for_billing_period, reservation_amortized_upfront_fee_for_billing_period)), 0)
    + coalesce(
      sum(coalesce(savings_plan_net_amortized_upfront_commitment_for_billing_period, savings_plan_amortized_upfront_commitment_for_billing_period)), 0
    ) AS net_upfront,
  coalesce(sum(reservation_amortized_upfront_fee_for_billing_period), 0)
    + coalesce(sum(savings_plan_amortized_upfront_commitment_for_billing_period), 0) AS gross_upfront,
  max(line_item_usage_end_date) >= max(period_end) - INTERVAL 1 SECOND AS is_whole_period,
  bool_or(line_item_line_item_type = 'DiscountedUsage' AND reservation_effective_cost IS NULL) AS lacks_amortisation
FROM raw
GROUP BY ALL

-- table: aws_basis — the same, with U: net where any line of the bill states a net cost
SELECT *, CASE WHEN is_net THEN net ELSE gross END AS u, CASE WHEN is_net THEN net_upfront ELSE gross_upfront END AS upfront
FROM (SELECT *, sum(net_lines) OVER () > 0 AS is_net FROM aws_native)

-- table: aws_charged — the FOCUS rows, by currency and commitment
SELECT
  BillingCurrency AS currency,
  CommitmentDiscountId AS commitment,
  count(*) AS lines,
  sum(BilledCost) AS billed,
  sum(EffectiveCost) AS effective,
  coalesce(sum(BilledCost) FILTER (x_SourceChargeType IN ('RIFee', 'SavingsPlanRecurringFee')), 0) AS recurring,
  bool_or(x_AmortizationClass = 'None') AS is_unamortised
FROM focus
GROUP BY ALL

-- check: aws-rows — Every line item is a charge: fees with an unused part give two, negations and split rows none.
SELECT
  (SELECT coalesce(sum(lines), 0) FROM aws_charged) AS lhs,
  (
    SELECT coalesce(sum(CASE WHEN line_type IN ('RIFee', 'SavingsPlanRecurringFee') THEN 2 * lines ELSE lines END), 0)
    FROM aws_basis
    WHERE NOT is_split AND line_type <> 'SavingsPlanNegation'
  ) AS rhs,
  0 AS tolerance,
  'rows' AS detail

-- check: aws-costs — No line lacks its cost.
SELECT coalesce(sum(blank), 0) AS lhs, 0 AS rhs, 0 AS tolerance, 'lines without cost' AS detail FROM aws_native

-- check: aws-billed — What is billed is the (net) unblended cost of every line but split rows and what a savings plan covers.
SELECT coalesce(native.u, 0) AS lhs, coalesce(charged.billed, 0) AS rhs, 0 AS tolerance, currency AS detail
FROM (
  SELECT currency, sum(u) AS u
  FROM aws_basis
  WHERE NOT is_split AND line_type NOT IN ('SavingsPlanCoveredUsage', 'SavingsPlanNegation')
  GROUP BY ALL
) AS native
FULL JOIN (SELECT currency, sum(billed) AS billed FROM aws_charged GROUP BY ALL) AS charged USING (currency)

-- check: aws-negation — A savings plan takes back exactly the on-demand cost of what it covers.
SELECT sum(gross) AS lhs, 0 AS rhs, 0 AS tolerance, plan AS detail
FROM aws_basis
WHERE NOT is_split AND line_type IN ('SavingsPlanCoveredUsage', 'SavingsPlanNegation')
GROUP BY plan

-- check: aws-net-negation — The same on the net basis, to the cent.
SELECT sum(u) AS lhs, 0 AS rhs, 0.01 AS tolerance, plan AS detail
FROM aws_basis
WHERE NOT is_split AND line_type IN ('SavingsPlanCoveredUsage', 'SavingsPlanNegation')
GROUP BY plan

-- check: aws-split — Split cost allocation rows divide a charge and add nothing.
SELECT sum(u) AS lhs, 0 AS rhs, 0 AS tolerance, currency AS detail FROM aws_basis WHERE is_split GROUP BY currency

-- check: aws-net — Discount rows (or the discount column) explain the difference between gross and net.
SELECT
  net AS lhs,
  CASE WHEN abs(net - gross) <= abs(net - gross - discounts) THEN gross ELSE gross + discounts END AS rhs,
  0.01 AS tolerance,
  currency AS detail
FROM (SELECT currency, sum(net) AS net, sum(gross) AS gross, sum(discounts) AS discounts FROM aws_basis WHERE is_net GROUP BY ALL)

-- check: aws-effective — Outside commitments nothing is amortised: effective is billed.
SELECT sum(effective) AS lhs, sum(billed) AS rhs, 0 AS tolerance, currency AS detail
FROM aws_charged
WHERE commitment IS NULL
GROUP BY currency

-- check: aws-amortised — What a commitment costs in a whole month is its fee and the month's part of what was paid upfront.
-- Left out: months still running (the fee comes on day one), commitments owned elsewhere, Dedicated Host reservations.
SELECT charged.effective AS lhs, charged.recurring + native.upfront AS rhs, 0.01 AS tolerance, commitment AS detail
FROM aws_charged AS charged
JOIN (
  SELECT
    currency,
    coalesce(plan, reservation) AS commitment,
    coalesce(sum(upfront) FILTER (line_type IN ('RIFee', 'SavingsPlanRecurringFee')), 0) AS upfront,
    bool_or(line_type IN ('RIFee', 'SavingsPlanRecurringFee')) AS has_fee,
    bool_or(lacks_amortisation) AS lacks_amortisation
  FROM aws_basis
  WHERE NOT is_split
  GROUP BY ALL
) AS native USING (currency, commitment)
WHERE has_fee
  AND NOT lacks_amortisation
  AND NOT coalesce(is_unamortised, false)
  AND (SELECT bool_or(is_whole_period) FROM aws_basis)
