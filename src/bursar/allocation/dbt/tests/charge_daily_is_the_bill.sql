-- Every invoice, currency and day of charge_daily sums to the bill, for each of the four costs, direct and allocated.
{{ conserves('charge_daily', ['billing_period', 'invoice_key', 'currency', 'day', 'provider'], all_measures()) }}
