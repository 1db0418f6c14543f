-- Every mart sums to the bill: by invoice, currency and day where it keeps the invoice, else by provider, currency and day; for the
-- lines and each of the four costs, direct and after sharing.
{%- set invoice = ['billing_period', 'invoice_key', 'currency', 'day', 'provider'] %}
{%- set day = ['billing_period', 'currency', 'day', 'provider'] %}
{%- set bill = ref('int_bill_day') %}
select * from {{ conserves('charge_daily', bill, ref('charge_daily'), invoice, all_measures()) }}
union all select * from {{ conserves('cost_daily_account', bill, ref('cost_daily_account'), invoice, all_measures()) }}
union all select * from {{ conserves('cost_daily_owner', bill, ref('cost_daily_owner'), day, all_measures()) }}
union all select * from {{ conserves('cost_daily_cloud_service', bill, ref('cost_daily_cloud_service'), day, all_measures()) }}
union all select * from {{ conserves('price_volume_daily', bill, ref('price_volume_daily'), day, [['effective_cost', 'effective_cost']]) }}
{%- for dimension in ['team', 'service', 'env'] %}
union all select * from {{ conserves('cost_daily_tag', bill, ref('cost_daily_tag'), day, all_measures()[:5], where="dimension = '" ~ dimension ~ "'") }}
{%- endfor %}
{%- for dimension in ['team', 'service', 'env', 'provider', 'service_name', 'sub_account_id'] %}
union all select * from {{ conserves('dimension_values', bill, ref('dimension_values'), ['billing_period', 'currency'], [['lines', 'lines'], ['effective_cost', 'effective_cost']], where="dimension = '" ~ dimension ~ "'") }}
{%- endfor %}
