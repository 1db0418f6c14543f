-- What the pools took in is what the owners bear, for each of the four costs, day by day.
with pools as (
  select billing_period, day, currency
    {%- for cost in direct_costs() %}, sum({{ cost }}) as {{ cost }}{% endfor %}
  from {{ ref('charge_daily') }} where kind = 'pool' group by all
),
shares as (
  select billing_period, day, currency
    {%- for cost in allocated_costs() %}, sum({{ cost }}) as {{ cost }}{% endfor %}
  from {{ ref('allocation_daily') }} group by all
)
select * from pools full join shares using (billing_period, day, currency)
where {% for cost in direct_costs() %}{{ 'or ' if not loop.first }}coalesce({{ cost }}, 0) <> coalesce({{ allocated_costs()[loop.index0] }}, 0) {% endfor %}
