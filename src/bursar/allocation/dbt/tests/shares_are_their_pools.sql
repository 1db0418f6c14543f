-- What the shared pools took in is what the owners bear of them, for each of the four costs; and the tenants of a service bear what the
-- service costs, direct and loaded. Day by day.
{%- set costs = [] %}
{%- for cost in direct_costs() %}{% do costs.append([cost, allocated_costs()[loop.index0]]) %}{% endfor %}
with pools as (select * from {{ ref('charge_daily') }} where kind = 'pool')
select * from {{ conserves('allocation_daily', 'pools', ref('allocation_daily'), ['billing_period', 'day', 'currency'], costs) }}
union all select * from {{ conserves('unit_cost_daily', ref('int_unit_pool'), ref('unit_cost_daily'),
  ['billing_period', 'metric', 'service', 'env', 'day', 'currency'], [['cost_direct', 'cost_direct'], ['cost_loaded', 'cost_loaded']], where="currency <> 'XXX'") }}
