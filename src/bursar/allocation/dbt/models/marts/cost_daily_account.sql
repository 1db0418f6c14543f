-- Grain: day, billing_period, provider, billing_account_id, sub_account_id, sub_account_name, invoice_key, charge_category, currency. Unique key: the grain. Drops: nothing.
select
  day, billing_period, provider, billing_account_id, sub_account_id, sub_account_name, invoice_key, charge_category, currency,
  {{ sum_measures() }}
from {{ ref('charge_daily') }}
group by all
