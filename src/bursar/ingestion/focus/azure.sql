-- Azure cost details to FOCUS. Grain: one row for each amortised row, and one for each commitment bought or given back in
-- the actual rows; the files have no key. Drops what the two runs tell twice: amortised purchases of commitments, and
-- everything else of the actual run. Without an amortised run every actual row is a charge.
WITH runs AS (
  SELECT EXISTS (SELECT 1 FROM raw WHERE source_role = 'amortised') AS is_amortised
), read AS (
  SELECT
    *,
    coalesce(cost_in_billing_currency, 0) AS cost,
    coalesce(exchange_rate_pricing_to_billing, 1) AS rate,
    lower(replace(coalesce(charge_type, 'Usage'), ' ', '')) AS kind,
    CASE
      WHEN has_pricing_model
      THEN CASE lower(replace(pricing_model, ' ', '')) WHEN 'reservation' THEN 'Reservation' WHEN 'savingsplan' THEN 'SavingsPlan' END
      WHEN contains(lower(benefit_id), 'savingsplan') THEN 'SavingsPlan'
      WHEN coalesce(benefit_id, reservation_id) IS NOT NULL THEN 'Reservation'
    END AS model,
    has_invoice_id OR has_pricing_currency OR has_cost_in_pricing_currency AS is_mca,
    lower(resource_id) AS resource_key
  FROM raw, runs
), taken AS (
  SELECT
    *,
    kind IN ('purchase', 'refund') AND model IS NOT NULL AS is_commitment,
    starts_with(kind, 'unused') AS is_unused,
    kind = 'usage' AND model IS NOT NULL AS is_covered,
    CASE
      WHEN kind = 'usage' OR starts_with(kind, 'unused') THEN 'Usage'
      WHEN kind IN ('purchase', 'refund') THEN 'Purchase'
      WHEN kind = 'tax' THEN 'Tax'
      WHEN kind = 'credit' THEN 'Credit'
      ELSE 'Adjustment'
    END AS category
  FROM read
  WHERE NOT is_amortised OR (source_role = 'amortised') <> (kind IN ('purchase', 'refund') AND model IS NOT NULL)
), rated AS (
  SELECT
    * REPLACE (coalesce(model, CASE kind WHEN 'unusedsavingsplan' THEN 'SavingsPlan' WHEN 'unusedreservation' THEN 'Reservation' END) AS model),
    CASE WHEN is_mca THEN coalesce(billing_profile_id, billing_account_id, subscription_id) ELSE coalesce(billing_account_id, billing_profile_id, subscription_id) END AS account_id,
    -- both bounds are stated, or neither counts; the stated end is the last day
    CASE WHEN billing_period_end_date >= billing_period_start_date THEN billing_period_start_date ELSE date_trunc('month', coalesce(billing_period_start_date, date)) END AS invoiced_from,
    CASE WHEN billing_period_end_date >= billing_period_start_date THEN billing_period_end_date + INTERVAL 1 DAY ELSE date_trunc('month', coalesce(billing_period_start_date, date)) + INTERVAL 1 MONTH END AS invoiced_to,
    lower(publisher_type) IS NOT DISTINCT FROM 'marketplace' AS is_marketplace,
    -- prices are per block of the unit of measure, in pricing currency
    unit_price * quantity AS contract_product,
    payg_price * quantity AS payg_product,
    -- a price of nothing tells nothing where a commitment covers the usage, or nothing was used
    category <> 'Usage' OR is_covered AS needs_price
  FROM taken
), converted AS (
  SELECT *, converted(contract_product, rate, cost) AS at_contract, coalesce(payg_cost_in_billing_currency, converted(payg_product, rate, cost)) AS at_list
  FROM rated
), costed AS (
  SELECT
    *,
    CASE WHEN NOT is_amortised THEN cost WHEN is_unused OR is_covered THEN 0 ELSE cost END AS billed,
    CASE WHEN is_amortised AND is_commitment THEN 0 ELSE cost END AS effective,
    CASE WHEN needs_price THEN coalesce(nullif(at_contract, 0), cost) ELSE coalesce(at_contract, cost) END AS contracted,
    CASE
      WHEN is_unused THEN 0
      WHEN needs_price THEN coalesce(nullif(at_list, 0), cost)
      ELSE coalesce(at_list, at_contract, cost)
    END AS listed,
    is_unused OR is_covered OR is_commitment AS is_committed,
    CASE WHEN contains(resource_key, '/providers/') THEN array_to_string(split(split_part(resource_key, '/providers/', -1), '/')[1:2], '/') END AS provider_type,
    coalesce(meter_category, service_name, consumed_service, product_name, 'Azure') AS service,
    coalesce(meter_id, part_number, consumed_service, meter_category, 'Azure') AS sku
  FROM converted
), priced AS (
  -- unit prices as delivered where they make the cost, else the cost for one unit
  SELECT
    costed.*,
    -- a row without a rate has one unit of itself; quantities bear the sign, prices never
    CASE
      WHEN category = 'Tax' THEN NULL
      WHEN quantity IS NULL OR (quantity = 0 AND (contracted <> 0 OR listed <> 0 OR unit_price IS NULL)) THEN CASE WHEN contracted < 0 THEN -1 ELSE 1 END
      WHEN (contracted < 0) <> (quantity < 0) AND contracted <> 0 THEN -quantity
      ELSE quantity
    END AS priced_quantity,
    coalesce(contracted = at_contract AND priced_quantity = quantity, false) AS is_contract_stated,
    coalesce(listed = at_list AND priced_quantity = quantity AND payg_cost_in_billing_currency IS NULL, false) AS is_list_stated,
    unit_price(contracted, priced_quantity) AS contracted_price,
    unit_price(listed, priced_quantity) AS listed_price,
    blocks.block_unit,
    CAST(coalesce(block_size, nullif(regexp_extract(unit_of_measure, '^\s*([1-9]\d{0,11})\s', 1), ''), '1') AS BIGINT) AS units_per_block
  FROM costed
  LEFT JOIN azure_pricing_units AS blocks ON blocks.block = lower(unit_of_measure)
)
SELECT
  billed AS BilledCost,
  effective AS EffectiveCost,
  contracted AS ContractedCost,
  listed AS ListCost,
  priced_quantity AS PricingQuantity,
  CASE WHEN category <> 'Tax' THEN CASE WHEN abs(priced_quantity) = abs(quantity) THEN coalesce(unit_of_measure, 'Units') ELSE 'Units' END END AS PricingUnit,
  CASE WHEN is_contract_stated AND rate = 1 AND category <> 'Tax' THEN unit_price ELSE contracted_price END AS ContractedUnitPrice,
  CASE WHEN is_list_stated AND rate = 1 AND category <> 'Tax' THEN payg_price ELSE listed_price END AS ListUnitPrice,
  CASE WHEN category = 'Usage' AND NOT is_unused THEN coalesce(quantity, 0) * units_per_block END AS ConsumedQuantity,
  CASE WHEN category = 'Usage' AND NOT is_unused THEN coalesce(block_unit, unit_of_measure, 'Units') END AS ConsumedUnit,
  billing_currency_code AS BillingCurrency,
  coalesce(pricing_currency, billing_currency_code) AS PricingCurrency,
  CASE
    WHEN effective = 0 OR coalesce(pricing_currency, billing_currency_code) = billing_currency_code THEN effective
    ELSE coalesce(cost_in_pricing_currency, unit_price(effective, rate))
  END AS PricingCurrencyEffectiveCost,
  CASE WHEN is_contract_stated AND category <> 'Tax' THEN unit_price ELSE unit_price(contracted_price, rate) END AS PricingCurrencyContractedUnitPrice,
  CASE WHEN is_list_stated AND category <> 'Tax' THEN payg_price ELSE unit_price(listed_price, rate) END AS PricingCurrencyListUnitPrice,
  CASE WHEN billed = cost THEN cost_in_usd ELSE 0 END AS x_BilledCostInUsd,
  exchange_rate_pricing_to_billing AS x_BillingExchangeRate,
  exchange_rate_date AS x_BillingExchangeRateDate,

  category AS ChargeCategory,
  CASE WHEN kind = 'refund' AND (is_commitment OR date < invoiced_from) THEN 'Correction' END AS ChargeClass,
  coalesce(product_name, meter_name, service) AS ChargeDescription,
  CASE
    WHEN category = 'Usage' THEN 'Usage-Based'
    WHEN contains(lower(frequency), 'recurring') THEN 'Recurring'
    ELSE 'One-Time'
  END AS ChargeFrequency,
  date AS ChargePeriodStart,
  date + INTERVAL 1 DAY AS ChargePeriodEnd,
  invoiced_from AS BillingPeriodStart,
  invoiced_to AS BillingPeriodEnd,
  CASE
    WHEN is_unused OR is_covered THEN 'Committed'
    WHEN category NOT IN ('Usage', 'Purchase') THEN NULL
    WHEN lower(pricing_model) = 'spot' THEN 'Dynamic'
    ELSE 'Standard'
  END AS PricingCategory,

  CASE WHEN is_committed THEN coalesce(benefit_id, reservation_id, product_order_id, account_id) END AS CommitmentDiscountId,
  CASE WHEN is_committed THEN coalesce(benefit_name, reservation_name, product_order_name) END AS CommitmentDiscountName,
  CASE WHEN is_committed THEN CASE model WHEN 'SavingsPlan' THEN 'Spend' ELSE 'Usage' END END AS CommitmentDiscountCategory,
  CASE WHEN is_committed THEN model END AS CommitmentDiscountType,
  CASE WHEN is_unused THEN 'Unused' WHEN is_covered THEN 'Used' END AS CommitmentDiscountStatus,
  CASE WHEN is_committed THEN CASE model WHEN 'SavingsPlan' THEN cost ELSE coalesce(quantity, 0) * units_per_block END END AS CommitmentDiscountQuantity,
  CASE WHEN is_committed THEN CASE model WHEN 'SavingsPlan' THEN billing_currency_code ELSE coalesce(block_unit, unit_of_measure, 'Units') END END AS CommitmentDiscountUnit,
  CASE WHEN NOT is_amortised THEN 'None' END AS x_AmortizationClass,

  account_id AS BillingAccountId,
  CASE WHEN is_mca THEN coalesce(billing_profile_name, billing_account_name) ELSE coalesce(billing_account_name, billing_profile_name) END AS BillingAccountName,
  CASE WHEN is_mca THEN 'Billing Profile' WHEN coalesce(billing_account_id, billing_profile_id) IS NULL THEN 'Subscription' ELSE 'Billing Account' END AS BillingAccountType,
  subscription_id AS SubAccountId,
  CASE WHEN subscription_id IS NOT NULL THEN subscription_name END AS SubAccountName,
  CASE WHEN subscription_id IS NOT NULL THEN 'Subscription' END AS SubAccountType,
  invoice_id AS InvoiceId,
  coalesce(invoice_id, concat_ws(':', account_id, strftime(invoiced_from, '%Y-%m'), CASE WHEN is_marketplace THEN 'Marketplace' END)) AS x_InvoiceKey,
  coalesce(partner_name, 'Microsoft') AS InvoiceIssuerName,
  'Microsoft' AS ProviderName,
  coalesce(publisher_name, 'Microsoft') AS PublisherName,
  CASE WHEN is_marketplace THEN coalesce(publisher_name, 'Microsoft') ELSE 'Microsoft' END AS ServiceProviderName,
  CASE WHEN is_marketplace OR category = 'Tax' THEN 'Not Applicable' ELSE 'Microsoft' END AS HostProviderName,

  service AS ServiceName,
  coalesce(service_category, 'Other') AS ServiceCategory,
  coalesce(service_subcategory, 'Other (Other)') AS ServiceSubcategory,
  consumed_service AS x_ServiceCode,
  CASE WHEN category <> 'Tax' THEN sku END AS SkuId,
  CASE WHEN category <> 'Tax' THEN concat_ws('/', sku, part_number, lower(pricing_model), term) END AS SkuPriceId,
  CASE WHEN category <> 'Tax' THEN meter_name END AS SkuMeter,
  resource_key AS ResourceId,
  CASE WHEN resource_key IS NOT NULL THEN coalesce(resource_name, nullif(split_part(rtrim(resource_id, '/'), '/', -1), '')) END AS ResourceName,
  CASE WHEN resource_key IS NOT NULL THEN coalesce(display_name, provider_type, resource_type, 'Resource') END AS ResourceType,
  coalesce(region_id, replace(lower(coalesce(resource_location, location)), ' ', '')) AS RegionId,
  coalesce(region_name, resource_location, location) AS RegionName,
  availability_zone AS AvailabilityZone,
  filled(tags) AS Tags,
  lower(coalesce(resource_group, nullif(split_part(split_part(resource_key, '/resourcegroups/', 2), '/', 1), ''))) AS x_ResourceGroupName,
  meter_name AS x_UsageType,
  coalesce(charge_type, 'Usage') AS x_SourceChargeType,
  exported_at AS x_ExportTime,
  source_file AS x_SourceFile
FROM priced
LEFT JOIN azure_services AS listing ON listing.service_name = service
LEFT JOIN azure_regions AS region ON region.spelling = lower(coalesce(resource_location, location))
LEFT JOIN azure_resource_types AS display ON display.type_id = provider_type
