-- FOCUS of any version and cloud to ours. Grain: one row for each row delivered. Drops nothing; costs pass as they are, but
-- Azure's effective cost of commitments bought, which its usage rows carry. What a version or a cloud leaves out is
-- filled with what the rules demand; words are spelt as the specification spells them.
WITH named AS (
  SELECT
    *,
    coalesce(ProviderName, ServiceProviderName, HostProviderName, InvoiceIssuerName, PublisherName) AS provider,
    lower(coalesce(ProviderName, ServiceProviderName, HostProviderName, InvoiceIssuerName, PublisherName, '')) AS provider_key
  FROM raw
), known AS (
  SELECT
    *,
    CASE
      WHEN contains(provider_key, 'amazon') OR contains(provider_key, 'aws') THEN 'aws'
      WHEN contains(provider_key, 'google') OR contains(provider_key, 'gcp') THEN 'gcp'
      WHEN contains(provider_key, 'microsoft') OR contains(provider_key, 'azure') THEN 'azure'
      WHEN contains(provider_key, 'oracle') OR provider_key = 'oci' THEN 'oci'
      WHEN provider_key <> '' THEN 'other'
      WHEN has_x_Operation THEN 'aws'
      WHEN has_x_CostType THEN 'gcp'
      WHEN has_x_SkuMeterCategory OR has_x_ResourceGroupName THEN 'azure'
      ELSE 'other'
    END AS cloud,
    lower(coalesce(ChargeSubcategory, '')) AS subcategory,
    CASE lower(ChargeCategory) WHEN 'purchase' THEN 'Purchase' WHEN 'tax' THEN 'Tax' WHEN 'credit' THEN 'Credit' WHEN 'adjustment' THEN 'Adjustment' ELSE 'Usage' END AS category,
    list_contains(list_transform(x_Credits, lambda credit: credit.Type), 'FEE_UTILIZATION_OFFSET') AS is_offset_fee,
    coalesce(BillingPeriodStart, date_trunc('month', ChargePeriodStart)) AS invoiced_from
  FROM named
), committed AS (
  SELECT
    *,
    CASE
      WHEN CommitmentDiscountId IS NOT NULL THEN CommitmentDiscountId
      WHEN cloud = 'gcp' AND category = 'Usage' AND (is_offset_fee OR (x_ConsumptionModelId <> '7754-699E-0EBF' AND lower(coalesce(x_ConsumptionModelDescription, '')) <> 'default'))
      THEN coalesce(x_SubscriptionInstanceId, x_ConsumptionModelId)
    END AS commitment,
    CASE
      WHEN category <> 'Usage' THEN NULL
      WHEN lower(CommitmentDiscountStatus) = 'unused' OR starts_with(subcategory, 'unused') OR is_offset_fee THEN 'Unused'
      ELSE 'Used'
    END AS use,
    CASE
      WHEN lower(ChargeClass) = 'correction' OR subcategory = 'refund' THEN 'Correction'
    END AS class
  FROM known
), costed AS (
  SELECT
    *,
    CASE WHEN cloud = 'azure' AND category = 'Purchase' AND commitment IS NOT NULL THEN 0 ELSE coalesce(EffectiveCost, 0) END AS effective,
    coalesce(ContractedCost, EffectiveCost, 0) AS contracted,
    commitment IS NOT NULL AND use = 'Unused' AS is_unused,
    CASE WHEN commitment IS NOT NULL THEN coalesce(
      CASE lower(CommitmentDiscountCategory) WHEN 'spend' THEN 'Spend' WHEN 'usage' THEN 'Usage' END,
      CASE WHEN cloud = 'gcp' OR regexp_matches(concat(CommitmentDiscountType, commitment), 'savings ?plan', 'i') THEN 'Spend' ELSE 'Usage' END
    ) END AS commitment_category,
    -- a charge without a rate is one unit of itself; where we set the price, the quantity bears the sign
    CASE
      WHEN category = 'Tax' THEN NULL
      WHEN category IN ('Usage', 'Purchase') AND class IS NULL THEN CASE
        WHEN PricingQuantity IS NULL THEN CASE WHEN ListCost < 0 THEN -1 ELSE 1 END
        WHEN ContractedUnitPrice IS NULL AND ListUnitPrice IS NULL AND contracted < 0 THEN -abs(PricingQuantity)
        ELSE PricingQuantity
      END
      ELSE PricingQuantity
    END AS quantity,
    coalesce(ServiceName, x_ServiceCode, provider, 'Unknown') AS service,
    CASE WHEN category IN ('Usage', 'Purchase') THEN coalesce(SkuId, x_ServiceCode, ServiceName, provider, 'Unknown') WHEN category <> 'Tax' THEN SkuId END AS sku
  FROM committed
), priced AS (
  SELECT
    costed.*,
    unit_price(contracted, quantity) AS contracted_price,
    unit_price(ListCost, quantity) AS listed_price,
    coalesce(nullif(PricingCurrency, BillingCurrency) IS NOT NULL AND (PricingCurrencyEffectiveCost IS NOT NULL OR x_BillingExchangeRate > 0), false) AS is_priced_apart,
    coalesce(delivered.service_category, mended.service_category, google.service_category, 'Other') AS class_of_service,
    google.service_subcategory AS google_subcategory
  FROM costed
  LEFT JOIN (SELECT DISTINCT service_category FROM service_subcategories) AS delivered ON delivered.service_category = costed.ServiceCategory
  LEFT JOIN (SELECT DISTINCT service_category FROM service_subcategories) AS mended ON mended.service_category = costed.ServiceCategory || 's'
  LEFT JOIN gcp_services AS google ON google.service_name = costed.service AND costed.cloud = 'gcp'
)
SELECT
  coalesce(BilledCost, 0) AS BilledCost,
  effective AS EffectiveCost,
  contracted AS ContractedCost,
  coalesce(ListCost, 0) AS ListCost,
  quantity AS PricingQuantity,
  CASE WHEN quantity IS NOT NULL THEN coalesce(PricingUnit, ConsumedUnit, 'Units') END AS PricingUnit,
  CASE WHEN category <> 'Tax' THEN coalesce(ContractedUnitPrice, contracted_price) END AS ContractedUnitPrice,
  CASE WHEN category <> 'Tax' THEN coalesce(ListUnitPrice, listed_price) END AS ListUnitPrice,
  CASE WHEN category = 'Usage' AND NOT is_unused THEN coalesce(ConsumedQuantity, 0) END AS ConsumedQuantity,
  CASE WHEN category = 'Usage' AND NOT is_unused THEN coalesce(ConsumedUnit, PricingUnit, 'Units') END AS ConsumedUnit,
  BillingCurrency,
  CASE WHEN is_priced_apart THEN PricingCurrency ELSE BillingCurrency END AS PricingCurrency,
  CASE WHEN is_priced_apart THEN coalesce(PricingCurrencyEffectiveCost, unit_price(effective, x_BillingExchangeRate)) ELSE effective END AS PricingCurrencyEffectiveCost,
  CASE
    WHEN category = 'Tax' THEN NULL
    WHEN is_priced_apart THEN coalesce(PricingCurrencyContractedUnitPrice, unit_price(coalesce(ContractedUnitPrice, contracted_price), x_BillingExchangeRate))
    ELSE coalesce(PricingCurrencyContractedUnitPrice, ContractedUnitPrice, contracted_price)
  END AS PricingCurrencyContractedUnitPrice,
  CASE
    WHEN category = 'Tax' THEN NULL
    WHEN is_priced_apart THEN coalesce(PricingCurrencyListUnitPrice, unit_price(coalesce(ListUnitPrice, listed_price), x_BillingExchangeRate))
    ELSE coalesce(PricingCurrencyListUnitPrice, ListUnitPrice, listed_price)
  END AS PricingCurrencyListUnitPrice,
  x_BilledCostInUsd,
  x_BillingExchangeRate,
  x_BillingExchangeRateDate,

  category AS ChargeCategory,
  class AS ChargeClass,
  coalesce(ChargeDescription, service) AS ChargeDescription,
  CASE regexp_replace(lower(ChargeFrequency), '[^a-z]', '', 'g')
    WHEN 'onetime' THEN 'One-Time'
    WHEN 'recurring' THEN 'Recurring'
    ELSE CASE WHEN category = 'Purchase' OR (category <> 'Usage' AND ChargeFrequency IS NULL) THEN 'One-Time' ELSE 'Usage-Based' END
  END AS ChargeFrequency,
  ChargePeriodStart,
  CASE
    WHEN ChargePeriodEnd IS NULL OR ChargePeriodEnd <= ChargePeriodStart THEN ChargePeriodStart + INTERVAL 1 DAY
    WHEN minute(ChargePeriodEnd) = 59 AND second(ChargePeriodEnd) = 59 THEN date_trunc('second', ChargePeriodEnd) + INTERVAL 1 SECOND
    ELSE ChargePeriodEnd
  END AS ChargePeriodEnd,
  invoiced_from AS BillingPeriodStart,
  -- an end on the last day of the month is an inclusive one
  CASE
    WHEN BillingPeriodEnd > invoiced_from AND NOT (BillingPeriodEnd >= last_day(invoiced_from) AND BillingPeriodEnd < last_day(invoiced_from) + INTERVAL 1 DAY) THEN BillingPeriodEnd
    ELSE date_trunc('month', invoiced_from) + INTERVAL 1 MONTH
  END AS BillingPeriodEnd,
  CASE
    WHEN category = 'Tax' THEN NULL
    WHEN category = 'Usage' AND commitment IS NOT NULL THEN 'Committed'
    ELSE CASE regexp_replace(lower(PricingCategory), '[^a-z]', '', 'g')
      WHEN 'standard' THEN 'Standard'
      WHEN 'ondemand' THEN 'Standard'
      WHEN 'dynamic' THEN 'Dynamic'
      WHEN 'committed' THEN 'Committed'
      WHEN 'commitmentbased' THEN 'Committed'
      WHEN 'other' THEN 'Other'
      ELSE CASE WHEN category IN ('Usage', 'Purchase') THEN 'Standard' END
    END
  END AS PricingCategory,

  commitment AS CommitmentDiscountId,
  CASE WHEN commitment IS NOT NULL THEN coalesce(CommitmentDiscountName, x_ConsumptionModelDescription) END AS CommitmentDiscountName,
  commitment_category AS CommitmentDiscountCategory,
  CASE WHEN commitment IS NOT NULL THEN coalesce(CommitmentDiscountType, commitment_category || ' commitment') END AS CommitmentDiscountType,
  CASE WHEN commitment IS NOT NULL THEN use END AS CommitmentDiscountStatus,
  CASE
    WHEN commitment IS NULL THEN NULL
    WHEN CommitmentDiscountQuantity IS NOT NULL OR category NOT IN ('Usage', 'Purchase') THEN CommitmentDiscountQuantity
    WHEN commitment_category = 'Usage' THEN coalesce(ConsumedQuantity, quantity)
    WHEN category = 'Usage' THEN effective
    ELSE BilledCost
  END AS CommitmentDiscountQuantity,
  CASE
    WHEN commitment IS NULL THEN NULL
    WHEN CommitmentDiscountUnit IS NOT NULL OR category NOT IN ('Usage', 'Purchase') THEN CommitmentDiscountUnit
    WHEN commitment_category = 'Usage' THEN coalesce(ConsumedUnit, PricingUnit, 'Units')
    ELSE BillingCurrency
  END AS CommitmentDiscountUnit,
  CapacityReservationId,
  CASE WHEN CapacityReservationId IS NOT NULL AND category = 'Usage' THEN CASE lower(CapacityReservationStatus) WHEN 'used' THEN 'Used' WHEN 'unused' THEN 'Unused' END END AS CapacityReservationStatus,
  CASE lower(x_AmortizationClass) WHEN 'native' THEN 'Native' WHEN 'none' THEN 'None' END AS x_AmortizationClass,

  BillingAccountId,
  BillingAccountName,
  coalesce(BillingAccountType, 'Billing Account') AS BillingAccountType,
  SubAccountId,
  CASE WHEN SubAccountId IS NOT NULL THEN SubAccountName END AS SubAccountName,
  CASE WHEN SubAccountId IS NOT NULL THEN coalesce(SubAccountType, 'Sub Account') END AS SubAccountType,
  InvoiceId,
  InvoiceDetailId,
  coalesce(InvoiceId, concat_ws(':', BillingAccountId, strftime(invoiced_from, '%Y-%m'))) AS x_InvoiceKey,
  coalesce(InvoiceIssuerName, provider, cloud) AS InvoiceIssuerName,
  coalesce(provider, cloud) AS ProviderName,
  coalesce(PublisherName, provider, cloud) AS PublisherName,
  coalesce(ServiceProviderName, provider, cloud) AS ServiceProviderName,
  coalesce(HostProviderName, CASE WHEN cloud <> 'other' AND category <> 'Tax' THEN provider END, 'Not Applicable') AS HostProviderName,
  cloud AS x_Provider,

  service AS ServiceName,
  class_of_service AS ServiceCategory,
  coalesce(parent.service_subcategory, CASE WHEN ServiceCategory IS NULL THEN google_subcategory END, 'Other (' || class_of_service || ')') AS ServiceSubcategory,
  x_ServiceCode,
  x_UsageType,
  x_Operation,
  sku AS SkuId,
  CASE WHEN sku IS NOT NULL THEN coalesce(SkuPriceId, CASE WHEN category IN ('Usage', 'Purchase') THEN sku END) END AS SkuPriceId,
  CASE WHEN sku IS NOT NULL THEN SkuMeter END AS SkuMeter,
  CASE WHEN sku IS NOT NULL THEN SkuPriceDetails END AS SkuPriceDetails,
  ResourceId,
  CASE WHEN ResourceId IS NOT NULL THEN ResourceName END AS ResourceName,
  CASE WHEN ResourceId IS NOT NULL THEN coalesce(ResourceType, service) END AS ResourceType,
  RegionId,
  CASE WHEN RegionId IS NOT NULL THEN coalesce(RegionName, RegionId) END AS RegionName,
  AvailabilityZone,
  AllocatedMethodDetails,
  AllocatedMethodId,
  AllocatedResourceId,
  AllocatedResourceName,
  AllocatedTags,
  CommitmentProgramEligibilityDetails,
  ContractApplied,

  filled(map_concat(pairs_to_map(list_filter(x_Tags, lambda tag: NOT tag.x_Inherited)), pairs_to_map(x_Labels), valued(Tags))) AS Tags,
  filled(map_concat(pairs_to_map(x_ProjectLabels), pairs_to_map(list_filter(x_Tags, lambda tag: tag.x_Inherited)))) AS x_InheritedTags,
  x_CostCategories,
  x_Discounts,
  CASE WHEN len(x_Credits) > 0 THEN CAST(to_json(x_Credits) AS VARCHAR) END AS x_Credits,
  CASE WHEN cloud = 'gcp' THEN SubAccountId END AS x_Project,
  lower(x_ResourceGroupName) AS x_ResourceGroupName,
  ChargeCategory AS x_SourceChargeType,
  coalesce(x_ExportTime, exported_at) AS x_ExportTime,
  source_file AS x_SourceFile
FROM priced
LEFT JOIN service_subcategories AS parent ON parent.service_subcategory = priced.ServiceSubcategory AND parent.service_category = priced.class_of_service
