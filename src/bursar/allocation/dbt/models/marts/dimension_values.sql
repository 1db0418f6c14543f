-- Grain: billing_period, dimension, value, currency. Unique key: the grain. Drops: nothing; a charge without a value counts under ''.
-- What can be asked for, with its weight, for type-ahead and the filter chips.
{%- set owners = ['team', 'service', 'env'] %}
{%- set clouds = ['provider', 'billing_account_id', 'sub_account_id', 'sub_account_name', 'service_name', 'service_category', 'region_id', 'charge_category', 'pricing_category', 'source'] %}
with wide as (
  select owner.billing_period, owner.currency, {% for name in clouds + owners %}owner.{{ name }}, {% endfor %}
    {{ money('sum(charge.effective_cost)') }} as effective_cost, cast(sum(charge.lines) as bigint) as lines
  from (select charge_id, sum(effective_cost) as effective_cost, sum(lines) as lines from {{ ref('int_charge_day') }} group by charge_id) as charge
  join {{ ref('int_owner') }} as owner on owner.charge_key = charge.charge_id
  group by all
  union all
  select distinct billing_period, currency, {{ clouds | join(', ') }}, {{ owners | join(', ') }}, {{ money('0') }}, cast(0 as bigint)
  from {{ ref('int_share') }}
)
{%- for name in clouds + owners %}
{{ 'union all' if not loop.first }}
select billing_period, '{{ name }}' as dimension, coalesce({{ name }}, '') as value, currency,
  {{ money('sum(effective_cost)') }} as effective_cost, cast(sum(lines) as bigint) as lines
from wide
group by all
{%- endfor %}
