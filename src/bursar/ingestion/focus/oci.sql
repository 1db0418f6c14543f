-- Oracle Cloud cost report lines to FOCUS. Grain: one row for each line; key: line_item_reference_no. Drops nothing.
-- The report knows one amount: billed, effective, contracted and list are what the line cost.
WITH costed AS (
  SELECT
    *,
    coalesce(cost_my_cost, 0) AS cost,
    coalesce(nullif(abs(usage_billed_quantity), 0), 1) * CASE WHEN cost_my_cost < 0 THEN -1 ELSE 1 END AS quantity,
    usage_billed_quantity <> 0 AS has_quantity,
    date_trunc('month', line_item_interval_usage_start) AS month_start
  FROM raw
)
SELECT
  cost AS BilledCost,
  cost AS EffectiveCost,
  cost AS ContractedCost,
  cost AS ListCost,
  quantity AS PricingQuantity,
  CASE WHEN has_quantity THEN coalesce(cost_sku_unit_description, cost_billing_unit_readable, 'Units') ELSE 'Units' END AS PricingUnit,
  unit_price(cost, quantity) AS ContractedUnitPrice,
  unit_price(cost, quantity) AS ListUnitPrice,
  unit_price(cost, quantity) AS PricingCurrencyContractedUnitPrice,
  unit_price(cost, quantity) AS PricingCurrencyListUnitPrice,
  coalesce(usage_billed_quantity, 0) AS ConsumedQuantity,
  coalesce(cost_sku_unit_description, 'Units') AS ConsumedUnit,
  cost_currency_code AS BillingCurrency,
  cost_currency_code AS PricingCurrency,
  cost AS PricingCurrencyEffectiveCost,
  'Usage' AS ChargeCategory,
  CASE WHEN line_item_is_correction AND line_item_backreference_no IS NOT NULL THEN 'Correction' END AS ChargeClass,
  coalesce(product_description, product_service) AS ChargeDescription,
  'Usage-Based' AS ChargeFrequency,
  'Standard' AS PricingCategory,
  line_item_interval_usage_start AS ChargePeriodStart,
  CASE
    WHEN line_item_interval_usage_end > line_item_interval_usage_start THEN line_item_interval_usage_end
    ELSE line_item_interval_usage_start + INTERVAL 1 HOUR
  END AS ChargePeriodEnd,
  month_start AS BillingPeriodStart,
  month_start + INTERVAL 1 MONTH AS BillingPeriodEnd,
  line_item_tenant_id AS BillingAccountId,
  'Tenancy' AS BillingAccountType,
  product_compartment_id AS SubAccountId,
  CASE WHEN product_compartment_id IS NOT NULL THEN product_compartment_name END AS SubAccountName,
  CASE WHEN product_compartment_id IS NOT NULL THEN 'Compartment' END AS SubAccountType,
  concat_ws(':', line_item_tenant_id, strftime(month_start, '%Y-%m')) AS x_InvoiceKey,
  'Oracle' AS InvoiceIssuerName,
  'Oracle' AS ProviderName,
  'Oracle' AS PublisherName,
  'Oracle' AS ServiceProviderName,
  'Oracle' AS HostProviderName,
  product_service AS ServiceName,
  coalesce(service_category, 'Other') AS ServiceCategory,
  coalesce(service_subcategory, 'Other (Other)') AS ServiceSubcategory,
  product_service AS x_ServiceCode,
  coalesce(cost_product_sku, product_service) AS SkuId,
  coalesce(cost_product_sku, product_service) AS SkuPriceId,
  product_description AS SkuMeter,
  product_resource_id AS ResourceId,
  CASE WHEN product_resource_id IS NOT NULL THEN coalesce(nullif(split_part(CASE WHEN starts_with(product_resource_id, 'ocid1.') THEN product_resource_id END, '.', 2), ''), product_service) END AS ResourceType,
  product_region AS RegionId,
  product_region AS RegionName,
  product_availability_domain AS AvailabilityZone,
  filled(tags) AS Tags,
  cost_billing_unit_readable AS x_UsageType,
  CASE WHEN line_item_is_correction THEN 'Correction' ELSE 'Usage' END AS x_SourceChargeType,
  exported_at AS x_ExportTime,
  source_file AS x_SourceFile
FROM costed
LEFT JOIN oci_services AS listing ON listing.service_name = product_service
