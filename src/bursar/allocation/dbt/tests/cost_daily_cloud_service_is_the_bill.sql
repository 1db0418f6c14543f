-- The clouds' services together are the bill, day by day.
{{ conserves('cost_daily_cloud_service', ['billing_period', 'currency', 'day', 'provider'], all_measures()) }}
