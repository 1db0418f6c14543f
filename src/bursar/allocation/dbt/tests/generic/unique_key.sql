{#- The columns together name a row: no two rows share them, NULLs being equal. -#}
{%- test unique_key(model, columns) -%}
select {{ columns | join(', ') }}, count(*) as rows_found from {{ model }} group by all having count(*) > 1
{%- endtest -%}
