{#- What describes a charge, apart from its day, its money and its quantity: [name here, expression over cost_and_usage]. -#}
{%- macro charge_columns() -%}
{{ return([
  ['billing_period', 'x_billing_period'],
  ['provider', "coalesce(x_Provider, 'other')"],
  ['source', 'x_source'],
  ['billing_account_id', 'BillingAccountId'],
  ['sub_account_id', 'SubAccountId'],
  ['sub_account_name', 'SubAccountName'],
  ['invoice_key', 'x_InvoiceKey'],
  ['service_name', 'ServiceName'],
  ['service_category', 'ServiceCategory'],
  ['region_id', 'RegionId'],
  ['sku_id', 'SkuId'],
  ['resource_id', 'ResourceId'],
  ['resource_name', 'ResourceName'],
  ['resource_type', 'ResourceType'],
  ['charge_category', 'ChargeCategory'],
  ['charge_class', 'ChargeClass'],
  ['pricing_category', 'PricingCategory'],
  ['commitment_discount_status', 'CommitmentDiscountStatus'],
  ['currency', 'BillingCurrency'],
  ['consumed_unit', 'ConsumedUnit'],
]) }}
{%- endmacro -%}

{#- The names alone, in the order of charge_daily. -#}
{%- macro charge_names() -%}
{%- set names = [] -%}
{%- for column in charge_columns() -%}{%- do names.append(column[0]) -%}{%- endfor -%}
{{ return(names) }}
{%- endmacro -%}

{#- What the rules look at but no mart carries: tag maps, and FOCUS columns named only in a `when`. -#}
{%- macro rule_columns() -%}
{%- set columns = [['tags', 'Tags'], ['cost_categories', 'x_CostCategories'], ['inherited_tags', 'x_InheritedTags']] -%}
{{ return(columns + var('rule_columns', [])) }}
{%- endmacro -%}

{#- The dimensions a share of a pool keeps from the charge it came from; SKU and resource end at the pool. -#}
{%- macro share_names() -%}
{{ return([
  'billing_period', 'day', 'provider', 'source', 'billing_account_id', 'sub_account_id', 'sub_account_name', 'invoice_key',
  'service_name', 'service_category', 'region_id', 'charge_category', 'charge_class', 'pricing_category', 'commitment_discount_status', 'currency',
]) }}
{%- endmacro -%}

{#- The four costs as the bill states them, and as they stand after shared costs are split. -#}
{%- macro direct_costs() -%}
{{ return(['billed_cost', 'effective_cost', 'contracted_cost', 'list_cost']) }}
{%- endmacro -%}
{%- macro allocated_costs() -%}
{{ return(['allocated_billed_cost', 'allocated_cost', 'allocated_contracted_cost', 'allocated_list_cost']) }}
{%- endmacro -%}

{#- `sum(x) as x` for the line count and the eight measures of a rollup. -#}
{%- macro sum_measures(measures=none) -%}
cast(sum(lines) as bigint) as lines
{%- for measure in (measures or direct_costs() + allocated_costs()) %},
  {{ money('sum(' ~ measure ~ ')') }} as {{ measure }}
{%- endfor -%}
{%- endmacro -%}
