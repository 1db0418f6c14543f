-- Tenants together bear what the service costs, direct and loaded.
with owners as (
  select origin_id, metric, service, env, billing_period, day, currency, cost_direct, cost_loaded from {{ ref('int_unit_pool') }}
),
units as (
  select metric, service, env, billing_period, day, currency, sum(cost_direct) as tenants_direct, sum(cost_loaded) as tenants_loaded
  from {{ ref('unit_cost_daily') }} group by all
)
select * from owners left join units using (metric, service, env, billing_period, day, currency)
where coalesce(cost_direct, 0) <> coalesce(tenants_direct, 0) or coalesce(cost_loaded, 0) <> coalesce(tenants_loaded, 0)
