-- Grain: meter, region, pricing unit and currency of the bill's usage. Key: all of them. Drops what has no quantity or no list price:
-- a price cannot be made of it.
SELECT
    x_Provider AS provider,
    ServiceName AS service_name,
    SkuMeter AS meter,
    RegionId AS region_id,
    lower(PricingUnit) AS unit,
    BillingCurrency AS currency,
    CAST(sum(PricingQuantity) AS DECIMAL(38, 12)) AS quantity,
    CAST(sum(ListCost) AS DECIMAL(38, 12)) AS list_cost,
    CAST(sum(EffectiveCost) AS DECIMAL(38, 12)) AS effective_cost
FROM {relation}
WHERE ChargeCategory = 'Usage' AND SkuMeter IS NOT NULL AND PricingQuantity > 0 AND ListCost > 0
GROUP BY ALL
ORDER BY ALL
