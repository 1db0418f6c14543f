-- Grain: metric, day, service, env, tenant, for the metrics units.yaml prices. Unique key: the grain. Drops: values that name no
-- service, services units.yaml does not list, and months that are not being built. billing_period is the month of the day. env 'all': the metric does not tell environments apart; tenant 'all' alike.
{%- set units = var('units', []) %}
select
  metric, cast(date_trunc('month', day) as date) as billing_period, day, service, coalesce(env, 'all') as env,
  case when metric in ({% for unit in units if not unit.by_tenant %}'{{ unit.metric }}', {% endfor %}'') then 'all' else coalesce(nullif(tenant, ''), 'all') end as tenant,
  {{ money('sum(quantity)') }} as quantity,
  case when bool_or(quality = 'estimated') then 'estimated' else 'measured' end as quality
from {{ ref('stg_unit_metric_daily') }}
where service is not null
  and cast(date_trunc('month', day) as date) in (select billing_period from {{ ref('int_bill_day') }})
  and (
  {%- for unit in units %}
  {{ 'or ' if not loop.first }}(metric = '{{ unit.metric }}'
    {%- if unit.services %} and service in ({% for service in unit.services %}{{ ', ' if not loop.first }}'{{ service | replace("'", "''") }}'{% endfor %}){% endif %})
  {%- else %}false{%- endfor %}
)
group by all
