-- Grain: one row per charge_key, with its owner and the rules that decided. Unique key: charge_key. Drops: nothing.
-- charge_id names the group of keys that charge_daily does not tell apart: the smallest charge_key of the group.
-- pools lists every shared pool that claims the charge; more than one fails the test pools_do_not_overlap.
{%- set names = charge_names() %}
{%- set pools = var('pools', []) %}
with tagged as (
  select keys.*, {{ 'tags_found.* exclude (charge_key)' if var('tag_keys', []) else 'null as no_tags' }}
  from {{ ref('int_charge_key') }} as keys
  left join {{ ref('int_tag') }} as tags_found on tags_found.charge_key = keys.charge_key
)
{%- for dimension in var('dimensions', []) %},
by_{{ dimension.name }} as (
  select *,
    {{ dimension.value }} as {{ dimension.name }},
    {{ dimension.rule }} as {{ dimension.name }}_rule
  from {{ 'tagged' if loop.first else 'by_' ~ var('dimensions')[loop.index0 - 1].name }}
)
{%- endfor %},
claimed as (
  select *, concat_ws(', '{% for pool in pools %}, case when {{ pool.condition }} then '{{ pool.name }}' end{% endfor %}{{ ", null" if not pools }}) as pools
  from by_{{ var('dimensions', [{'name': 'none'}])[-1].name }}
),
pooled as (
  select charge_key, {{ names | join(', ') }}, team, service, env, team_rule, service_rule, env_rule,
    pools, nullif(split_part(pools, ', ', 1), '') as pool
  from claimed
)
select
  min(charge_key) over (
    partition by {{ names | join(', ') }}, team, service, env, team_rule, service_rule, env_rule, pool
  ) as charge_id,
  *
from pooled
