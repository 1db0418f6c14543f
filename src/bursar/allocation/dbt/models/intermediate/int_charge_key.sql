-- Grain: one row per combination of describing columns among the bill lines, tag maps included. Unique key: charge_key
-- (two combinations with one hash would fail the test charge_key_is_unique). Drops: nothing.
-- Rules run over these rows: a hundred times fewer than lines, as a resource repeats by hour and day.
select distinct
  charge_key
  {%- for name, expression in charge_columns() + rule_columns() %},
  {{ name }}
  {%- endfor %}
from {{ ref('stg_cost_and_usage') }}
