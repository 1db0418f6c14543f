-- Grain: pool, the dimensions of share_names(), owner (team, service, env). Unique key: the grain. Drops: shares of nothing.
-- What each owner bears of each shared pool. Pools run in the order of rules.yaml; a share that lands on an owner whose costs a
-- later pool shares is passed on by that pool, and appears there only.
{%- set pools = var('pools', []) %}
-- depends_on: {{ ref('int_charge_day') }}, {{ ref('int_owner') }}, {{ ref('stg_unit_metric_daily') }}
with charge as (
  select day.day, day.billed_cost, day.effective_cost, day.contracted_cost, day.list_cost, owner.* exclude (charge_id, charge_key)
  from {{ ref('int_charge_day') }} as day
  join {{ ref('int_owner') }} as owner on owner.charge_key = day.charge_id
),
direct as (
  select billing_period, day, currency, team, service, env, pool
    {%- for cost in direct_costs() %}, {{ money('sum(' ~ cost ~ ')') }} as {{ cost }}{% endfor %}
  from charge
  group by billing_period, day, currency, team, service, env, pool
)
{%- for pool in pools %},
{{ shared_pool(pools, loop.index0) }}
{%- endfor %}
{%- for pool in pools %}
{%- set n = loop.index0 %}
{{ 'union all' if not loop.first }}
select {{ share_names() | join(', ') }}, team, service, env, '{{ pool.name }}' as pool, 'shared.{{ pool.name }}' as rule,
  method, '{{ pool.method_id }}' as method_id, weight
  {%- for cost in direct_costs() %}, {{ cost }}{% endfor %}
from landed_{{ n }}
where (billed_cost <> 0 or effective_cost <> 0 or contracted_cost <> 0 or list_cost <> 0)
  {%- for later in pools[n + 1:] if later.landing %} and not {{ later.landing }}{% endfor %}
{%- endfor %}
{%- if not pools %}
select {{ share_names() | join(', ') }}, team, service, env, pool, 'shared' as rule,
  'none' as method, 'none' as method_id, {{ money('0') }} as weight, billed_cost, effective_cost, contracted_cost, list_cost
from charge where false
{%- endif %}
