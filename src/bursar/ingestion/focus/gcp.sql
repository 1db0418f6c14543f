-- Google Cloud export rows to FOCUS. Grain: one row for each row of the export, which has no key. Drops nothing.
-- Credits stay inside their row: K is their sum, so Billed = Effective = cost + K and may be negative.
WITH summed AS (
  SELECT
    *,
    coalesce(cost, 0) + coalesce(list_sum(list_transform(credits, lambda credit: coalesce(credit.amount, 0))), 0) AS net,
    strptime(invoice_month, '%Y%m') AS month_start,
    list_filter(credits, lambda credit: starts_with(credit.type, 'COMMITTED_USAGE_DISCOUNT'))[1] AS commitment_credit,
    list_contains(list_transform(credits, lambda credit: credit.type), 'FEE_UTILIZATION_OFFSET') AS is_offset_fee,
    regexp_matches(sku_description, '^commitment\b.*\bv1\b', 'i') AS is_commitment_fee,
    consumption_model_id <> '7754-699E-0EBF' AND lower(coalesce(consumption_model_description, '')) <> 'default' AS is_other_model,
    coalesce(service_description = 'Invoice' AND sku_description = 'Contract billing adjustment', false) AS is_contract_adjustment
  FROM raw
), classified AS (
  SELECT
    *,
    CASE
      WHEN is_contract_adjustment THEN 'Adjustment'
      WHEN coalesce(lower(cost_type), 'regular') = 'regular' THEN 'Usage'
      WHEN lower(cost_type) = 'tax' THEN 'Tax'
      ELSE 'Adjustment'
    END AS category
  FROM summed
), judged AS (
  -- role of a usage row in a commitment: unused (new model's fee), fee (older model), used, or none
  SELECT
    *,
    CASE
      WHEN category <> 'Usage' THEN 'none'
      WHEN is_offset_fee THEN 'unused'
      WHEN is_commitment_fee THEN 'fee'
      WHEN is_other_model OR commitment_credit IS NOT NULL THEN 'used'
      ELSE 'none'
    END AS part,
    commitment_credit.type IS NOT DISTINCT FROM 'COMMITTED_USAGE_DISCOUNT' AS is_resource_based
  FROM classified
), costed AS (
  SELECT
    *,
    part IN ('used', 'unused') AS is_committed,
    CASE
      WHEN category <> 'Usage' THEN net
      WHEN part IN ('unused', 'fee') THEN 0
      ELSE coalesce(cost_at_effective_price_default, cost, 0)
    END AS contracted,
    CASE
      WHEN category <> 'Usage' THEN net
      WHEN part IN ('unused', 'fee') THEN 0
      ELSE coalesce(cost_at_list, cost, 0)
    END AS listed,
    -- a row without a rate, or with none of its unit, has one unit of itself; quantities bear the sign, prices never
    CASE
      WHEN category <> 'Tax'
      THEN coalesce(nullif(abs(usage_amount_in_pricing_units), 0), 1)
        * CASE WHEN contracted < 0 OR (contracted = 0 AND (listed < 0 OR usage_amount_in_pricing_units < 0)) THEN -1 ELSE 1 END
    END AS quantity
  FROM judged
), priced AS (
  SELECT
    *,
    unit_price(contracted, quantity) AS contracted_price,
    unit_price(listed, quantity) AS listed_price,
    list_filter(tags, lambda tag: NOT coalesce(tag.inherited, false)) AS own_tags,
    list_filter(tags, lambda tag: tag.inherited) AS inherited_tags
  FROM costed
)
SELECT
  net AS BilledCost,
  net AS EffectiveCost,
  contracted AS ContractedCost,
  listed AS ListCost,
  quantity AS PricingQuantity,
  CASE WHEN category <> 'Tax' THEN CASE WHEN usage_amount_in_pricing_units <> 0 THEN coalesce(usage_pricing_unit, 'Units') ELSE 'Units' END END AS PricingUnit,
  contracted_price AS ContractedUnitPrice,
  listed_price AS ListUnitPrice,
  CASE WHEN category = 'Usage' AND part <> 'unused' THEN coalesce(usage_amount, 0) END AS ConsumedQuantity,
  CASE WHEN category = 'Usage' AND part <> 'unused' THEN coalesce(usage_unit, 'Units') END AS ConsumedUnit,
  currency AS BillingCurrency,
  currency AS PricingCurrency,
  net AS PricingCurrencyEffectiveCost,
  contracted_price AS PricingCurrencyContractedUnitPrice,
  listed_price AS PricingCurrencyListUnitPrice,
  currency_conversion_rate AS x_BillingExchangeRate,

  category AS ChargeCategory,
  -- the usage month is Pacific, as is invoice.month
  CASE
    WHEN coalesce(adjustment_info_id, adjustment_info_type, adjustment_info_mode, adjustment_info_description) IS NOT NULL
      AND date_trunc('month', timezone('America/Los_Angeles', timezone('UTC', usage_start_time))) < month_start
    THEN 'Correction'
  END AS ChargeClass,
  coalesce(sku_description, service_description) AS ChargeDescription,
  CASE WHEN category = 'Usage' THEN 'Usage-Based' ELSE 'One-Time' END AS ChargeFrequency,
  usage_start_time AS ChargePeriodStart,
  CASE WHEN usage_end_time > usage_start_time THEN usage_end_time ELSE usage_start_time + INTERVAL 1 HOUR END AS ChargePeriodEnd,
  month_start AS BillingPeriodStart,
  month_start + INTERVAL 1 MONTH AS BillingPeriodEnd,
  CASE
    WHEN category <> 'Usage' THEN NULL
    WHEN is_committed THEN 'Committed'
    WHEN regexp_matches(sku_description, '\b(spot|preemptible)\b', 'i') THEN 'Dynamic'
    ELSE 'Standard'
  END AS PricingCategory,

  CASE WHEN is_committed THEN coalesce(subscription_instance_id, commitment_credit.id, consumption_model_id, sku_id) END AS CommitmentDiscountId,
  CASE WHEN is_committed THEN coalesce(consumption_model_description, commitment_credit.full_name, commitment_credit.name) END AS CommitmentDiscountName,
  CASE WHEN is_committed THEN CASE WHEN is_resource_based THEN 'Usage' ELSE 'Spend' END END AS CommitmentDiscountCategory,
  CASE WHEN is_committed THEN CASE WHEN is_resource_based THEN 'Resource-based committed use discount' ELSE 'Spend-based committed use discount' END END AS CommitmentDiscountType,
  CASE WHEN is_committed THEN CASE part WHEN 'used' THEN 'Used' ELSE 'Unused' END END AS CommitmentDiscountStatus,
  CASE WHEN is_committed THEN CASE WHEN is_resource_based THEN coalesce(usage_amount_in_pricing_units, 0) ELSE net END END AS CommitmentDiscountQuantity,
  CASE WHEN is_committed THEN CASE WHEN is_resource_based THEN coalesce(usage_pricing_unit, 'Units') ELSE currency END END AS CommitmentDiscountUnit,
  CASE WHEN part = 'fee' THEN 'Native' END AS x_AmortizationClass,

  billing_account_id AS BillingAccountId,
  'Billing Account' AS BillingAccountType,
  project_id AS SubAccountId,
  CASE WHEN project_id IS NOT NULL THEN project_name END AS SubAccountName,
  CASE WHEN project_id IS NOT NULL THEN 'Project' END AS SubAccountType,
  concat_ws(':', billing_account_id, strftime(month_start, '%Y-%m'), upper(coalesce(invoice_publisher_type, 'GOOGLE'))) AS x_InvoiceKey,
  'Google Cloud' AS InvoiceIssuerName,
  'Google Cloud' AS ProviderName,
  CASE WHEN upper(invoice_publisher_type) = 'PARTNER' THEN coalesce(seller_name, service_description) ELSE 'Google Cloud' END AS PublisherName,
  coalesce(seller_name, 'Google Cloud') AS ServiceProviderName,
  CASE WHEN category = 'Tax' OR upper(invoice_publisher_type) = 'PARTNER' THEN 'Not Applicable' ELSE 'Google Cloud' END AS HostProviderName,

  service_description AS ServiceName,
  coalesce(service_category, 'Other') AS ServiceCategory,
  coalesce(service_subcategory, 'Other (Other)') AS ServiceSubcategory,
  service_id AS x_ServiceCode,
  CASE WHEN category <> 'Tax' THEN coalesce(sku_id, service_id, service_description) END AS SkuId,
  CASE WHEN category <> 'Tax' THEN concat_ws('/', coalesce(sku_id, service_id, service_description), consumption_model_id, price_tier_start_amount) END AS SkuPriceId,
  CASE WHEN category <> 'Tax' THEN sku_description END AS SkuMeter,
  coalesce(resource_global_name, resource_name) AS ResourceId,
  resource_name AS ResourceName,
  CASE WHEN coalesce(resource_global_name, resource_name) IS NOT NULL THEN coalesce(nullif(split_part(resource_global_name, '/', -2), ''), service_description) END AS ResourceType,
  coalesce(location_region, location_location) AS RegionId,
  coalesce(region_name, location_region, location_location) AS RegionName,
  location_zone AS AvailabilityZone,

  filled(CASE WHEN len(own_tags) > 0 OR len(system_labels) > 0 THEN map_concat(pairs_to_map(system_labels), pairs_to_map(own_tags), labels) ELSE labels END) AS Tags,
  filled(CASE WHEN len(inherited_tags) > 0 THEN map_concat(project_labels, pairs_to_map(inherited_tags)) ELSE project_labels END) AS x_InheritedTags,
  CASE WHEN len(credits) > 0 THEN CAST(to_json(credits) AS VARCHAR) END AS x_Credits,
  project_id AS x_Project,
  sku_description AS x_UsageType,
  cost_type AS x_SourceChargeType,
  export_time AS x_ExportTime,
  source_file AS x_SourceFile
FROM priced
LEFT JOIN gcp_services AS service ON service.service_name = priced.service_description
LEFT JOIN gcp_regions AS region ON region.region_id = coalesce(location_region, location_location)
