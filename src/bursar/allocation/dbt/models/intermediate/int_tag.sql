-- Grain: one row per charge_key whose tags name an owner. Unique key: charge_key. Drops: tags no rule asks for, those set by a
-- provider, and empty ones. Column tag_<scope>_<n> is the value of the n-th tag key of the rules in scope 1 (resource tags),
-- 2 (cost categories) or 3 (inherited tags); of several spellings of a key the first in byte order that has a value counts.
{%- set keys = var('tag_keys', []) %}
with entries as (
  {%- for column in ['tags', 'cost_categories', 'inherited_tags'] %}
  {{ 'union all' if not loop.first }}
  select charge_key, {{ loop.index }} as scope, {{ unnest_map(column) }} as entry
  from {{ ref('int_charge_key') }}
  {%- endfor %}
),
folded as (
  select charge_key, scope, entry.key as raw_key, {{ fold_key('entry.key') }} as tag_key, entry.value as raw_value
  from entries
  where {{ fold_key('entry.key') }} in ({% for key in keys %}{{ "'" ~ key | replace("'", "''") ~ "'" }}, {% endfor %}'')
),
cleaned as (
  select charge_key, scope, raw_key, tag_key, {{ clean_value('raw_value') }} as value
  from folded
  where not ({% for prefix in ['aws:', 'goog-', 'hidden-', 'ms-resource-'] %}{{ 'or ' if not loop.first }}starts_with(lower(raw_key), '{{ prefix }}') {% endfor %})
)
select
  charge_key
  {%- for key in keys %}{% for scope in [1, 2, 3] %},
  arg_min(value, raw_key) filter (scope = {{ scope }} and tag_key = {{ "'" ~ key | replace("'", "''") ~ "'" }}) as tag_{{ scope }}_{{ keys.index(key) }}
  {%- endfor %}{% endfor %}
from cleaned
where value is not null
group by charge_key
