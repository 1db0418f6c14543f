{#-
Rows where a mart and the bill part, with both sums: none, or the build fails.

keys       what must agree on each value: columns of int_bill_day that the mart has too
measures   the bill's costs and the mart's columns that must equal them: [[cost of the bill, column of the mart], …]
where      restricts the mart's rows (SQL)
-#}
{%- macro conserves(mart, keys, measures, where='true') -%}
with bill as (
  select {{ keys | join(', ') }}
    {%- for cost, column in measures %}, sum({{ cost }}) as {{ column }}{% endfor %}
  from {{ ref('int_bill_day') }} group by all
),
mart as (
  select {{ keys | join(', ') }}
    {%- for cost, column in measures %}, sum({{ column }}) as {{ column }}{% endfor %}
  from {{ ref(mart) }} where {{ where }} group by all
)
select {% for key in keys %}coalesce(bill.{{ key }}, mart.{{ key }}) as {{ key }}{{ ', ' }}{% endfor %}
  {%- for cost, column in measures %}
  bill.{{ column }} as {{ column }}_of_the_bill, mart.{{ column }} as {{ column }}{{ ',' if not loop.last }}
  {%- endfor %}
from bill
full join mart on {% for key in keys %}{{ 'and ' if not loop.first }}bill.{{ key }} is not distinct from mart.{{ key }} {% endfor %}
where {% for cost, column in measures %}{{ 'or ' if not loop.first }}coalesce(bill.{{ column }}, 0) <> coalesce(mart.{{ column }}, 0) {% endfor %}
{%- endmacro -%}

{#- Each of the four costs, direct and after sharing. -#}
{%- macro all_measures() -%}
{{ return([
  ['lines', 'lines'],
  ['billed_cost', 'billed_cost'], ['effective_cost', 'effective_cost'], ['contracted_cost', 'contracted_cost'], ['list_cost', 'list_cost'],
  ['billed_cost', 'allocated_billed_cost'], ['effective_cost', 'allocated_cost'],
  ['contracted_cost', 'allocated_contracted_cost'], ['list_cost', 'allocated_list_cost'],
]) }}
{%- endmacro -%}
