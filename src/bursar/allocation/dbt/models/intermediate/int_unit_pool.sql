-- Grain: metric, service, env, billing_period, day, currency: the cost a metric's units are to bear. Unique key: the grain.
-- Drops: owners no metric speaks of. A service is in as soon as units.yaml lists it or one value arrived in the period, so that
-- a day without a value shows as missing. origin_id counts the rows.
-- depends_on: {{ ref('int_bill_day') }}
{% set units = var('units', []) %}
with scopes as (
  select distinct billing_period, metric, service, env from {{ ref('int_driver') }}
  {%- for unit in units %}{% for service in unit.services %}
  union all
  select distinct billing_period, '{{ unit.metric }}', '{{ service | replace("'", "''") }}', 'all'
  from {{ ref('int_bill_day') }} as bill
  where not exists (
    select 1 from {{ ref('int_driver') }} as driver
    where driver.billing_period = bill.billing_period and metric = '{{ unit.metric }}' and service = '{{ service | replace("'", "''") }}'
  )
  {%- endfor %}{% endfor %}
),
costs as (
  select scopes.metric, scopes.service, scopes.env, owner.billing_period, owner.day, owner.currency,
    {{ money('sum(owner.effective_cost)') }} as cost_direct,
    {{ money('sum(owner.allocated_cost)') }} as cost_loaded
  from scopes
  join {{ ref('cost_daily_owner') }} as owner
    on owner.billing_period = scopes.billing_period and owner.service = scopes.service and (scopes.env = 'all' or owner.env = scopes.env)
  group by all
)
select row_number() over (order by metric, service, env, billing_period, day, currency) as origin_id, *
from costs
