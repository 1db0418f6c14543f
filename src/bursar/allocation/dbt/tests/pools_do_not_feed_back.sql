-- No share lands on an owner whose costs this or an earlier pool shares: it would never come to rest.
{{ config(tags=['rules']) }}
-- depends_on: {{ ref('int_share') }}
{% set pools = var('pools', []) %}
{% set ns = namespace(any=false) %}
select problem, 'Change the order of the pools, or let other owners bear it.' as cure
from (
  {%- for pool in pools %}{% for earlier in pools[:loop.index] if earlier.landing %}
  {{ 'union all' if ns.any }}
  select 'shared pool {{ pool.name }} gives to ' || concat_ws('/', team, service, env) || ', whose costs {{ earlier.name }} shares: a cycle' as problem
  from {{ ref('int_share') }}
  where pool = '{{ pool.name }}' and {{ earlier.landing }}
  {%- set ns.any = true %}
  {%- endfor %}{% endfor %}
  {%- if not ns.any %}
  select null as problem where false
  {%- endif %}
) as found
order by problem
