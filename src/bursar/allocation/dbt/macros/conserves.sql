{#-
Rows where a relation and what it must sum to part: name, keys as text, the first measure that differs, and both sums.

name       how the relation is called in messages
whole      relation with the sums to be met
part       relation that must meet them
keys       columns both have, on each value of which they must agree
measures   [[column of whole, column of part], …]
where      restricts the rows of part (SQL)
-#}
{%- macro conserves(name, whole, part, keys, measures, where='true') -%}
(
  with expected as (
    select {{ keys | join(', ') }} {%- for column, _ in measures %}, coalesce(sum({{ column }}), 0) as m{{ loop.index }}{% endfor %}
    from {{ whole }} group by all
  ),
  found as (
    select {{ keys | join(', ') }} {%- for _, column in measures %}, coalesce(sum({{ column }}), 0) as m{{ loop.index }}{% endfor %}
    from {{ part }} where {{ where }} group by all
  ),
  compared as (
    select concat_ws(' ' {%- for key in keys %}, cast(coalesce(expected.{{ key }}, found.{{ key }}) as varchar){% endfor %}) as place
      {%- for _ in measures %}, coalesce(expected.m{{ loop.index }}, 0) as e{{ loop.index }}, coalesce(found.m{{ loop.index }}, 0) as f{{ loop.index }}{% endfor %}
    from expected
    full join found on {% for key in keys %}{{ 'and ' if not loop.first }}expected.{{ key }} is not distinct from found.{{ key }} {% endfor %}
  )
  select '{{ name }}' as relation, place,
    case {% for _, column in measures %}when e{{ loop.index }} <> f{{ loop.index }} then '{{ column }}' {% endfor %}end as measure,
    case {% for _ in measures %}when e{{ loop.index }} <> f{{ loop.index }} then cast(e{{ loop.index }} as varchar) {% endfor %}end as expected,
    case {% for _ in measures %}when e{{ loop.index }} <> f{{ loop.index }} then cast(f{{ loop.index }} as varchar) {% endfor %}end as found
  from compared
  where {% for _ in measures %}{{ 'or ' if not loop.first }}e{{ loop.index }} <> f{{ loop.index }} {% endfor %}
)
{%- endmacro -%}

{#- The lines and each of the four costs, direct and after sharing, against the bill. -#}
{%- macro all_measures() -%}
{{ return([
  ['lines', 'lines'],
  ['billed_cost', 'billed_cost'], ['effective_cost', 'effective_cost'], ['contracted_cost', 'contracted_cost'], ['list_cost', 'list_cost'],
  ['billed_cost', 'allocated_billed_cost'], ['effective_cost', 'allocated_cost'],
  ['contracted_cost', 'allocated_contracted_cost'], ['list_cost', 'allocated_list_cost'],
]) }}
{%- endmacro -%}
