-- Grain: day, billing_period, provider, service_name, service_category, region_id, pricing_category, charge_category, currency. Unique key: the grain. Drops: nothing.
select
  day, billing_period, provider, service_name, service_category, region_id, pricing_category, charge_category, currency,
  {{ sum_measures() }}
from {{ ref('charge_daily') }}
group by all
