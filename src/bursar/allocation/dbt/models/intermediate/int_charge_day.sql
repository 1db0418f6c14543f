-- Grain: charge_id, day. Unique key: the grain. Drops: nothing; this is where lines become days.
select
  owner.charge_id,
  line.day,
  count(*) as lines,
  {{ money('sum(line.consumed_quantity)') }} as consumed_quantity
  {%- for cost in direct_costs() %},
  {{ money('sum(line.' ~ cost ~ ')') }} as {{ cost }}
  {%- endfor %}
from {{ ref('stg_cost_and_usage') }} as line
join {{ ref('int_owner') }} as owner on owner.charge_key = line.charge_key
group by owner.charge_id, line.day
