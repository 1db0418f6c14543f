-- Grain: metric, day, billing_period, service, env, tenant, currency. Unique key: the grain. Drops: nothing.
-- Cost of a service's day over its tenants by their quantity (exact_split), and per unit. unit_cost is NULL where the quantity is 0
-- or missing; a day without a value is 'missing', never zero, and so is a late charge of an earlier month: its values were published
-- with that month, so that sum(cost) / sum(quantity) holds over any span. Values of a day without any cost stand under currency XXX
-- (ISO 4217: no currency) with unknown cost. A service billed in two currencies repeats its quantity in each.
-- Coverage of a service: its cost where quality is not 'missing', of its whole cost.
{%- set match = ['billing_period', 'metric', 'service', 'env', 'day'] %}
with targets as (
  select billing_period, metric, service, env, day, tenant, {{ to_units('quantity') }} as weight from {{ ref('int_driver') }}
),
split as (
  select pool.metric, pool.day, pool.billing_period, pool.service, pool.env, part.tenant, pool.currency, part.cost_direct, part.cost_loaded
  from {{ exact_split(ref('int_unit_pool'), 'targets', match, ['tenant'], ['cost_direct', 'cost_loaded']) }} as part
  join {{ ref('int_unit_pool') }} as pool on pool.origin_id = part.origin_id
),
priced as (
  select split.metric, split.day, split.billing_period, split.service, split.env, split.tenant, split.currency,
    driver.quantity, split.cost_direct, split.cost_loaded, driver.quality
  from split
  join {{ ref('int_driver') }} as driver
    on driver.tenant = split.tenant {%- for column in match %} and driver.{{ column }} = split.{{ column }}{% endfor %}
  union all
  select metric, day, billing_period, service, env, 'all', currency, {{ money('null') }}, cost_direct, cost_loaded, 'missing'
  from {{ ref('int_unit_pool') }} as pool
  where not exists (
    select 1 from {{ ref('int_driver') }} as driver
    where true {%- for column in match %} and driver.{{ column }} = pool.{{ column }}{% endfor %}
  )
  union all
  select metric, day, billing_period, service, env, tenant, 'XXX', quantity, {{ money('null') }}, {{ money('null') }}, quality
  from {{ ref('int_driver') }} as driver
  where not exists (
      select 1 from {{ ref('int_unit_pool') }} as pool
      where true {%- for column in match %} and driver.{{ column }} = pool.{{ column }}{% endfor %}
    )
)
select
  metric, day, billing_period, service, env, tenant, currency, quantity, cost_direct, cost_loaded,
  {{ unit_price('cost_direct', 'quantity') }} as unit_cost_direct,
  {{ unit_price('cost_loaded', 'quantity') }} as unit_cost_loaded,
  quality
from priced
