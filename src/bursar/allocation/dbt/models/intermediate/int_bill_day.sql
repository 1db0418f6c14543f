-- Grain: billing_period, invoice_key, currency, day, provider: what the bill says, taken from the lines alone, so that the marts
-- can be held against it. Unique key: the grain. Drops: nothing.
select
  billing_period, invoice_key, currency, day, provider,
  count(*) as lines
  {%- for cost in direct_costs() %},
  {{ money('sum(' ~ cost ~ ')') }} as {{ cost }}
  {%- endfor %}
from {{ ref('stg_cost_and_usage') }}
group by all
