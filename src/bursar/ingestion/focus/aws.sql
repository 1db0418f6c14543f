-- variable: aws_is_net — Net columns count when any line of the delivery fills one: one basis for the whole bill.
SELECT EXISTS (FROM raw WHERE line_item_net_unblended_cost IS NOT NULL)

-- charges: AWS line items to FOCUS. Grain: a line item, but RIFee and SavingsPlanRecurringFee give two rows (what was bought,
-- and the part nobody used). No row: SavingsPlanNegation (the fee carries it) and split cost allocation rows (they divide
-- a charge that is a row of its own); both are proven to sum to zero in aws.checks.sql.
WITH parts AS (
  SELECT *, 'whole' AS part FROM raw
  WHERE coalesce(line_item_line_item_type, '') <> 'SavingsPlanNegation'
    AND coalesce(line_item_operation, '') NOT IN ('EKSPod-EC2', 'ECSTask-EC2')
    AND split_line_item_parent_resource_id IS NULL
  UNION ALL
  SELECT *, 'unused' AS part FROM raw WHERE line_item_line_item_type IN ('RIFee', 'SavingsPlanRecurringFee')
), kinds AS (
  SELECT
    *,
    line_item_line_item_type AS line_type,
    coalesce(savings_plan_savings_plan_arn, reservation_reservation_arn) AS commitment,
    CASE
      WHEN part = 'unused' THEN 'unused'
      WHEN line_type = 'Usage' THEN 'usage'
      WHEN line_type = 'SavingsPlanCoveredUsage' THEN 'covered'
      WHEN line_type = 'DiscountedUsage' THEN 'reserved'
      WHEN line_type IN ('RIFee', 'SavingsPlanRecurringFee') THEN 'recurring fee'
      WHEN line_type = 'SavingsPlanUpfrontFee' OR (line_type = 'Fee' AND reservation_reservation_arn IS NOT NULL) THEN 'upfront fee'
      WHEN line_type = 'Fee' THEN 'fee'
      WHEN line_type = 'FlatRateSubscription' THEN 'subscription'
      WHEN line_type = 'Tax' THEN 'tax'
      WHEN line_type = 'Credit' THEN 'credit'
      WHEN line_type = 'Refund' AND commitment IS NOT NULL THEN 'fee refund'
      WHEN line_type = 'Refund' THEN 'refund'
      WHEN line_type IN ('EdpDiscount', 'PrivateRateDiscount') THEN 'negotiated'
      WHEN line_type LIKE '%Discount' THEN 'discount'
      ELSE 'unknown'
    END AS kind
  FROM parts
), based AS (
  -- U, P and N(x) of the table in docs/focus.md: net where the bill is net. A discount row without a net cost is in
  -- the net cost of the lines it discounts.
  SELECT
    *,
    kind IN ('covered', 'reserved', 'unused') AS is_committed,
    coalesce(
      CASE WHEN getvariable('aws_is_net') THEN coalesce(line_item_net_unblended_cost, CASE WHEN kind IN ('negotiated', 'discount') THEN 0 END) END,
      line_item_unblended_cost,
      0
    ) AS cost,
    coalesce(nullif(pricing_public_on_demand_cost, 0), line_item_unblended_cost, 0) AS public_cost,
    coalesce(CASE WHEN getvariable('aws_is_net') THEN line_item_net_unblended_rate END, line_item_unblended_rate) AS rate
  FROM kinds
), committed AS (
  SELECT
    *,
    CASE
      WHEN kind = 'covered'
        THEN coalesce(CASE WHEN getvariable('aws_is_net') THEN savings_plan_net_savings_plan_effective_cost END, savings_plan_savings_plan_effective_cost, 0)
      WHEN kind = 'reserved' THEN coalesce(CASE WHEN getvariable('aws_is_net') THEN reservation_net_effective_cost END, reservation_effective_cost, 0)
      WHEN kind <> 'unused' THEN 0
      WHEN line_type = 'RIFee' THEN
        coalesce(
          CASE WHEN getvariable('aws_is_net') THEN reservation_net_unused_amortized_upfront_fee_for_billing_period END,
          reservation_unused_amortized_upfront_fee_for_billing_period,
          0
        ) + coalesce(CASE WHEN getvariable('aws_is_net') THEN reservation_net_unused_recurring_fee END, reservation_unused_recurring_fee, 0)
      ELSE scaled(
        coalesce(savings_plan_total_commitment_to_date, 0) - coalesce(savings_plan_used_commitment, 0),
        coalesce(savings_plan_net_amortized_upfront_commitment_for_billing_period, 0)
          + coalesce(savings_plan_net_recurring_commitment_for_billing_period, 0),
        coalesce(savings_plan_amortized_upfront_commitment_for_billing_period, 0)
          + coalesce(savings_plan_recurring_commitment_for_billing_period, 0)
      )
    END AS committed_cost,
    kind IN ('recurring fee', 'upfront fee', 'fee refund') AS is_commitment_fee
  FROM based
), costed AS (
  SELECT
    *,
    CASE WHEN kind IN ('covered', 'unused') THEN 0 ELSE cost END AS billed,
    CASE WHEN is_committed THEN committed_cost WHEN is_commitment_fee THEN 0 ELSE cost END AS effective,
    CASE
      WHEN kind = 'reserved' THEN public_cost
      WHEN kind IN ('unused', 'discount', 'fee refund') THEN 0
      ELSE cost
    END AS contracted,
    CASE
      WHEN kind IN ('usage', 'covered', 'reserved', 'unknown') THEN public_cost
      WHEN kind IN ('unused', 'negotiated', 'discount', 'fee refund') THEN 0
      ELSE cost
    END AS listed,
    CASE
      WHEN kind IN ('fee', 'subscription') OR is_commitment_fee THEN 'Purchase'
      WHEN kind = 'tax' OR (kind = 'refund' AND line_item_tax_type IS NOT NULL) THEN 'Tax'
      WHEN kind = 'credit' THEN 'Credit'
      ELSE 'Usage'
    END AS category,
    coalesce(rate, pricing_public_on_demand_rate) IS NOT NULL AND line_item_usage_amount IS NOT NULL AS has_rate,
    bill_billing_entity = 'AWS Marketplace' AS is_marketplace,
    coalesce(bill_invoicing_entity, bill_billing_entity, 'AWS') AS issuer,
    date_trunc('month', bill_billing_period_start_date) AS month_start,
    CASE
      WHEN second(line_item_usage_end_date) = 59 THEN date_trunc('second', line_item_usage_end_date) + INTERVAL 1 SECOND
      ELSE line_item_usage_end_date
    END AS usage_end
  FROM committed
), quantified AS (
  SELECT
    *,
    CASE WHEN category = 'Tax' THEN NULL WHEN has_rate THEN line_item_usage_amount WHEN billed < 0 THEN -1 ELSE 1 END AS quantity,
    CASE WHEN category <> 'Tax' THEN coalesce(product_sku, line_item_product_code) END AS sku
  FROM costed
), priced AS (
  SELECT
    *,
    category = 'Tax' AS is_tax,
    stated_price(contracted, quantity, CASE WHEN kind = 'reserved' THEN pricing_public_on_demand_rate ELSE rate END) AS contracted_price,
    stated_price(listed, quantity, pricing_public_on_demand_rate) AS list_price
  FROM quantified
)
SELECT
  billed AS BilledCost,
  effective AS EffectiveCost,
  contracted AS ContractedCost,
  listed AS ListCost,
  quantity AS PricingQuantity,
  CASE WHEN NOT is_tax THEN CASE WHEN has_rate THEN coalesce(pricing_unit, 'Units') ELSE 'Units' END END AS PricingUnit,
  contracted_price AS ContractedUnitPrice,
  list_price AS ListUnitPrice,
  CASE WHEN category = 'Usage' AND kind <> 'unused' THEN CASE WHEN has_rate THEN line_item_usage_amount ELSE 0 END END AS ConsumedQuantity,
  CASE WHEN category = 'Usage' AND kind <> 'unused' THEN coalesce(pricing_unit, 'Units') END AS ConsumedUnit,
  line_item_currency_code AS BillingCurrency,
  line_item_currency_code AS PricingCurrency,
  effective AS PricingCurrencyEffectiveCost,
  CASE WHEN line_item_currency_code = 'USD' THEN billed END AS x_BilledCostInUsd,

  category AS ChargeCategory,
  CASE WHEN kind IN ('refund', 'fee refund') AND line_item_usage_start_date < month_start THEN 'Correction' END AS ChargeClass,
  line_item_line_item_description AS ChargeDescription,
  CASE
    WHEN kind IN ('recurring fee', 'subscription') THEN 'Recurring'
    WHEN category = 'Usage' THEN 'Usage-Based'
    ELSE 'One-Time'
  END AS ChargeFrequency,
  line_item_usage_start_date AS ChargePeriodStart,
  CASE WHEN usage_end > line_item_usage_start_date THEN usage_end ELSE line_item_usage_start_date + INTERVAL 1 HOUR END AS ChargePeriodEnd,
  month_start AS BillingPeriodStart,
  month_start + INTERVAL 1 MONTH AS BillingPeriodEnd,
  CASE
    WHEN is_committed THEN 'Committed'
    WHEN category NOT IN ('Usage', 'Purchase') THEN NULL
    WHEN line_item_usage_type LIKE '%SpotUsage%' THEN 'Dynamic'
    ELSE 'Standard'
  END AS PricingCategory,

  CASE WHEN is_committed OR is_commitment_fee THEN commitment END AS CommitmentDiscountId,
  CASE WHEN CommitmentDiscountId IS NOT NULL THEN CASE WHEN savings_plan_savings_plan_arn IS NOT NULL THEN 'Spend' ELSE 'Usage' END END
    AS CommitmentDiscountCategory,
  CASE CommitmentDiscountCategory WHEN 'Spend' THEN coalesce(savings_plan_offering_type, 'Savings Plan') WHEN 'Usage' THEN 'Reserved Instance' END
    AS CommitmentDiscountType,
  CASE WHEN is_committed AND CommitmentDiscountId IS NOT NULL THEN CASE kind WHEN 'unused' THEN 'Unused' ELSE 'Used' END END
    AS CommitmentDiscountStatus,
  CASE
    WHEN CommitmentDiscountCategory = 'Spend' THEN
      CASE
        WHEN kind = 'covered' THEN coalesce(savings_plan_savings_plan_effective_cost, effective)
        WHEN kind = 'unused' THEN coalesce(savings_plan_total_commitment_to_date - savings_plan_used_commitment, 0)
        ELSE coalesce(savings_plan_total_commitment_to_date, abs(cost))
      END
    WHEN CommitmentDiscountCategory = 'Usage' THEN
      CASE
        WHEN kind = 'unused' THEN coalesce(reservation_unused_normalized_unit_quantity, 0)
        WHEN kind = 'reserved' THEN coalesce(line_item_normalized_usage_amount, line_item_usage_amount, 0)
        ELSE coalesce(reservation_total_reserved_normalized_units, line_item_usage_amount, 0)
      END
  END AS CommitmentDiscountQuantity,
  CASE CommitmentDiscountCategory WHEN 'Spend' THEN line_item_currency_code WHEN 'Usage' THEN 'Normalized Units' END AS CommitmentDiscountUnit,
  -- of capacity reservations the bill names only the unused part
  CASE WHEN line_item_usage_type LIKE '%UnusedBox:%' AND category = 'Usage' THEN line_item_resource_id END AS CapacityReservationId,
  CASE WHEN CapacityReservationId IS NOT NULL THEN 'Unused' END AS CapacityReservationStatus,
  -- Dedicated Host reservations come without amortised amounts
  CASE
    WHEN kind = 'reserved' AND reservation_effective_cost IS NULL THEN 'None'
    WHEN line_type = 'RIFee' AND line_item_usage_type LIKE '%HostUsage%' THEN 'None'
  END AS x_AmortizationClass,

  bill_payer_account_id AS BillingAccountId,
  bill_payer_account_name AS BillingAccountName,
  'Management Account' AS BillingAccountType,
  line_item_usage_account_id AS SubAccountId,
  line_item_usage_account_name AS SubAccountName,
  CASE WHEN line_item_usage_account_id IS NOT NULL THEN 'Account' END AS SubAccountType,
  bill_invoice_id AS InvoiceId,
  coalesce(bill_invoice_id, concat_ws(':', bill_payer_account_id, strftime(month_start, '%Y-%m'), issuer, 'open')) AS x_InvoiceKey,
  bill_bill_type AS x_BillType,
  issuer AS InvoiceIssuerName,
  'AWS' AS ProviderName,
  CASE WHEN is_marketplace THEN coalesce(line_item_legal_entity, 'Unknown') ELSE 'AWS' END AS PublisherName,
  CASE WHEN is_marketplace THEN coalesce(line_item_legal_entity, 'AWS') ELSE 'AWS' END AS ServiceProviderName,
  CASE WHEN is_marketplace OR is_tax THEN 'Not Applicable' ELSE 'AWS' END AS HostProviderName,

  coalesce(product_name, service.service_name, line_item_product_code, 'AWS') AS ServiceName,
  coalesce(service.service_category, 'Other') AS ServiceCategory,
  coalesce(service.service_subcategory, 'Other (Other)') AS ServiceSubcategory,
  line_item_product_code AS x_ServiceCode,
  sku AS SkuId,
  CASE
    WHEN starts_with(pricing_rate_code, sku) THEN pricing_rate_code
    WHEN sku IS NOT NULL THEN concat_ws('.', sku, coalesce(pricing_rate_code, pricing_rate_id, line_item_usage_type))
  END AS SkuPriceId,
  CASE WHEN NOT is_tax THEN line_item_usage_type END AS SkuMeter,
  line_item_resource_id AS ResourceId,
  CASE WHEN line_item_resource_id IS NOT NULL THEN coalesce(product_product_family, line_item_product_code) END AS ResourceType,
  priced.region AS RegionId,
  coalesce(known.region_name, priced.region) AS RegionName,
  line_item_availability_zone AS AvailabilityZone,

  aws_tags(resource_tags) AS Tags,
  filled(cost_category) AS x_CostCategories,
  nullif(discount, '{}') AS x_Discounts,
  line_item_usage_type AS x_UsageType,
  line_item_operation AS x_Operation,
  line_type AS x_SourceChargeType,
  exported_at AS x_ExportTime,
  source_file AS x_SourceFile
FROM priced
LEFT JOIN aws_services AS service ON service.product_code = line_item_product_code
LEFT JOIN aws_regions AS known ON known.region_id = priced.region
