-- Prices and volumes together are the bill's effective cost, day by day.
{{ conserves('price_volume_daily', ['billing_period', 'currency', 'day', 'provider'], [['effective_cost', 'effective_cost']]) }}
