-- Grain: day, billing_period, currency, owner, pool, method. Unique key: the grain. Drops: nothing.
-- "Why do I pay this": what each owner bears of each shared pool. weight is the rounded ratio of the pool's day, printed, never
-- multiplied with. A share passed on by a later pool appears under that pool.
select
  day, billing_period, currency, team, service, env, pool, method, method_id,
  max(weight) as weight
  {%- for cost in direct_costs() %},
  {{ money('sum(' ~ cost ~ ')') }} as {{ allocated_costs()[loop.index0] }}
  {%- endfor %}
from {{ ref('int_share') }}
group by day, billing_period, currency, team, service, env, pool, method, method_id
