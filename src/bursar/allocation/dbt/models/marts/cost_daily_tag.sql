-- Grain: day, billing_period, provider, currency, dimension, tagged. Unique key: the grain. Drops: nothing; each charge counts once per
-- dimension. tagged: the owner was read from a tag, cost category or inherited tag, not from a rule, an account map or by default.
with wide as (
  select charge.day, owner.billing_period, owner.provider, owner.currency, owner.team_rule, owner.service_rule, owner.env_rule,
    {{ sum_measures(direct_costs()) }}
  from {{ ref('int_charge_day') }} as charge
  join {{ ref('int_owner') }} as owner on owner.charge_key = charge.charge_id
  group by all
)
{%- for dimension in ['team', 'service', 'env'] %}
{{ 'union all' if not loop.first }}
select day, billing_period, provider, currency, '{{ dimension }}' as dimension,
  regexp_matches({{ dimension }}_rule, '[.](tags|cost_categories|inherited_tags):') as tagged,
  {{ sum_measures(direct_costs()) }}
from wide
group by all
{%- endfor %}
