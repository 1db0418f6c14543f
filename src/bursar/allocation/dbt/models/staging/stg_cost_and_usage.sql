-- Grain: one row per bill line. Unique key: none, a line has no id of its own. Drops: nothing.
-- charge_key says which combination of describing columns a line has; all lines of a resource and SKU share one.
select
  {{ hash64((charge_columns() + rule_columns()) | map(attribute=1) | list) }} as charge_key,
  cast(ChargePeriodStart as date) as day,
  {%- for name, expression in charge_columns() + rule_columns() %}
  {{ expression }} as {{ name }},
  {%- endfor %}
  ConsumedQuantity as consumed_quantity,
  BilledCost as billed_cost,
  EffectiveCost as effective_cost,
  ContractedCost as contracted_cost,
  ListCost as list_cost
from {{ source('inputs', 'cost_and_usage') }}
