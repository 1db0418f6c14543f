-- Grain: day, billing_period, provider, currency, team, service, env. Unique key: the grain. Drops: nothing.
select
  day, billing_period, provider, currency, team, service, env,
  {{ sum_measures() }}
from {{ ref('charge_daily') }}
group by all
