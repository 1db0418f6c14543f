-- Grain: day, billing_period, provider, team, service, service_name, sku_id, consumed_unit, currency. Unique key: the grain.
-- Drops: nothing; shares of pools have no price and no volume, their pools are here under their direct owner.
select
  day, billing_period, provider, team, service, service_name, sku_id, consumed_unit, currency,
  {{ money('sum(consumed_quantity)') }} as consumed_quantity,
  {{ money('sum(effective_cost)') }} as effective_cost
from {{ ref('charge_daily') }}
where kind <> 'shared'
group by all
