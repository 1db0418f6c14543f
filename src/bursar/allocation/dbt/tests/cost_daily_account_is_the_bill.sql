-- Accounts together are the bill, for each invoice and day.
{{ conserves('cost_daily_account', ['billing_period', 'invoice_key', 'currency', 'day', 'provider'], all_measures()) }}
