-- No share lands on an owner whose costs this or an earlier pool shares: it would never come to rest.
{{ config(tags=['rules']) }}
-- depends_on: {{ ref('int_share') }}
{% set pools = var('pools', []) %}
{% set ns = namespace(any=false) %}
{%- for pool in pools %}{% for earlier in pools[:loop.index] if earlier.landing %}
{{ 'union all' if ns.any }}
select '{{ pool.name }}' as pool, '{{ earlier.name }}' as feeds, team, service, env from {{ ref('int_share') }}
where pool = '{{ pool.name }}' and {{ earlier.landing }}
{% set ns.any = true %}
{%- endfor %}{% endfor %}
{%- if not ns.any %}select null as pool where false{% endif %}
