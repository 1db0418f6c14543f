-- Grain: day and every dimension below but the attributes (names, types), owner, deciding rules, kind and pool.
-- Unique key: all columns before `lines` but consumed_quantity. Drops: nothing.
-- direct: what the bill says. pool: the same, but shared, so allocated is 0. shared: an owner's share of a pool, direct is 0.
select
  charge.day,
  {%- for name in charge_names() if name != 'consumed_unit' %}
  owner.{{ name }},
  {%- endfor %}
  owner.team, owner.service, owner.env,
  case when owner.pool is null then 'direct' else 'pool' end as kind,
  owner.pool,
  owner.team_rule, owner.service_rule, owner.env_rule,
  owner.consumed_unit,
  charge.consumed_quantity,
  charge.lines,
  {%- for cost in direct_costs() %}
  charge.{{ cost }},
  {%- endfor %}
  {%- for cost in direct_costs() %}
  case when owner.pool is null then charge.{{ cost }} else {{ money('0') }} end as {{ allocated_costs()[loop.index0] }}{{ ',' if not loop.last }}
  {%- endfor %}
from {{ ref('int_charge_day') }} as charge
join {{ ref('int_owner') }} as owner on owner.charge_key = charge.charge_id
union all
select
  share.day,
  {%- for name in charge_names() if name != 'consumed_unit' %}
  {{ 'share.' ~ name if name in share_names() else 'cast(null as varchar) as ' ~ name }},
  {%- endfor %}
  share.team, share.service, share.env,
  'shared' as kind,
  share.pool,
  share.rule as team_rule, share.rule as service_rule, share.rule as env_rule,
  cast(null as varchar) as consumed_unit,
  {{ money('null') }} as consumed_quantity,
  cast(0 as bigint) as lines,
  {%- for cost in direct_costs() %}
  {{ money('0') }} as {{ cost }},
  {%- endfor %}
  {%- for cost in direct_costs() %}
  share.{{ cost }} as {{ allocated_costs()[loop.index0] }}{{ ',' if not loop.last }}
  {%- endfor %}
from {{ ref('int_share') }} as share
