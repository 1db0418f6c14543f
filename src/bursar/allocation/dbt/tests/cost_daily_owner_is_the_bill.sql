-- Owners and 'unallocated' together are the bill, day by day.
{{ conserves('cost_daily_owner', ['billing_period', 'currency', 'day', 'provider'], all_measures()) }}
