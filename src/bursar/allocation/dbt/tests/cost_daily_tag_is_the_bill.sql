-- Tagged and untagged together are the bill, for each dimension.
{%- for dimension in ['team', 'service', 'env'] %}
{{ 'union all' if not loop.first }}
select * from (
{{ conserves('cost_daily_tag', ['billing_period', 'currency', 'day', 'provider'], all_measures()[:5], where="dimension = '" ~ dimension ~ "'") }}
)
{%- endfor %}
