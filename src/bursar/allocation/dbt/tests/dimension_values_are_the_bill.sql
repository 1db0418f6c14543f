-- The values of a dimension together are the bill's effective cost.
{{ conserves('dimension_values', ['billing_period', 'currency'], [['lines', 'lines'], ['effective_cost', 'effective_cost']], where="dimension = 'team'") }}
