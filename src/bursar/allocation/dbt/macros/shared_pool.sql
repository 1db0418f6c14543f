{#-
One shared pool as a chain of CTEs, numbered by its place in rules.yaml:

  origin_n   what is to be shared: the pool's own charges, and shares of earlier pools that landed on an owner whose costs this
             pool shares in turn (`landing`)
  cost_n     who may carry it, and with what weight: owners with cost of their own that day and currency, never one whose costs
             this or an earlier pool shares, never nobody
  bearer_n   weights of level one: the values of `to` (teams, say)
  member_n   weights of level two: the owners within each value, so that a share lands on a full owner
  landed_n   the shares. A day without any bearer lands on 'unallocated' in full

pools is the whole list, n the place of this one; costs and match are those of int_share.
-#}
{%- macro shared_pool(pools, n) -%}
{%- set pool = pools[n] -%}
{%- set names = share_names() -%}
{%- set owner = ['team', 'service', 'env'] -%}
{%- set match = ['billing_period', 'day', 'currency'] -%}
{%- set taken -%}
{%- for each in pools[:n + 1] if each.landing %} and not {{ each.landing }}{% endfor -%}
{%- endset -%}
origin_{{ n }} as (
  select row_number() over (order by {{ names | join(', ') }}) as origin_id, *
  from (
    select {{ names | join(', ') }}
      {%- for cost in direct_costs() %}, {{ money('sum(' ~ cost ~ ')') }} as {{ cost }}{% endfor %}
    from (
      select {{ (names + direct_costs()) | join(', ') }} from charge where pool = '{{ pool.name }}'
      {%- if pool.landing %}{% for earlier in range(n) %}
      union all
      select {{ (names + direct_costs()) | join(', ') }} from landed_{{ earlier }} where {{ passes_on(pools, earlier, n) }}
      {%- endfor %}{% endif %}
    ) as parts
    group by {{ names | join(', ') }}
  ) as whole
),
cost_{{ n }} as (
  select {{ (match + owner) | join(', ') }}, {{ to_units('greatest(sum(weight), 0)') }} as weight
  from (
    select {{ (match + owner) | join(', ') }}, {{ pool.by }} as weight
    from direct
    where pool is null {%- for later in pools[n + 1:] if later.landing %} or pool = '{{ later.name }}'{% endfor %}
    {%- if pool.basis == 'running' %}{% for earlier in range(n) %}
    union all
    select {{ (match + owner) | join(', ') }}, {{ pool.by }} from landed_{{ earlier }} where not ({{ passes_on(pools, earlier, n) }})
    {%- endfor %}{% endif %}
  ) as costs
  where {{ pool.to }} <> 'unallocated' and {{ pool.among or 'true' }}{{ taken }}
  group by {{ (match + owner) | join(', ') }}
),
{%- if pool.mode == 'by_metric' %}
driver_{{ n }} as (
  select row_number() over (order by driver.day, driver.service, driver.env, place.billing_period, place.currency) as origin_id,
    place.billing_period, place.day, place.currency, driver.service, driver.env, driver.quantity
  from (select day, service, env, {{ money('sum(quantity)') }} as quantity from {{ ref('stg_unit_metric_daily') }}
        where metric = '{{ pool.metric }}' group by day, service, env) as driver
  join (select distinct {{ match | join(', ') }} from cost_{{ n }}) as place
    on place.day = driver.day and place.billing_period = date_trunc('month', driver.day)
),
reach_{{ n }} as (
  select driver.origin_id, cost.*
  from driver_{{ n }} as driver
  join cost_{{ n }} as cost
    on cost.billing_period = driver.billing_period and cost.day = driver.day and cost.currency = driver.currency
    and cost.service = driver.service and (driver.env is null or cost.env = driver.env)
),
weight_{{ n }} as (
  select {{ (match + owner) | join(', ') }}, {{ to_units('sum(quantity)') }} as weight
  from (
    select driver.billing_period, driver.day, driver.currency, part.team, part.service, part.env, part.quantity
    from {{ exact_split('driver_' ~ n, 'reach_' ~ n, ['origin_id'], owner, ['quantity']) }} as part
    join driver_{{ n }} as driver on driver.origin_id = part.origin_id
  ) as quantities
  group by {{ (match + owner) | join(', ') }}
),
{%- else %}
weight_{{ n }} as (select * from cost_{{ n }}),
{%- endif %}
bearer_{{ n }} as (
  {%- if pool.mode == 'fixed' %}
  select place.*, percent.bearer, percent.weight
  from (select distinct {{ match | join(', ') }} from origin_{{ n }}) as place
  cross join (
    {%- for value, weight in pool.fixed %}
    {{ 'union all' if not loop.first }} select '{{ value | replace("'", "''") }}' as bearer, cast({{ weight }} as hugeint) as weight
    {%- endfor %}
  ) as percent
  {%- elif pool.mode == 'even' %}
  select {{ match | join(', ') }}, {{ pool.to }} as bearer, cast(1 as hugeint) as weight
  from weight_{{ n }} group by {{ match | join(', ') }}, {{ pool.to }}
  {%- else %}
  select {{ match | join(', ') }}, {{ pool.to }} as bearer, sum(weight) as weight
  from weight_{{ n }} group by {{ match | join(', ') }}, {{ pool.to }}
  {%- endif %}
),
member_{{ n }} as (
  select {{ (match + owner) | join(', ') }}, {{ pool.to }} as bearer, weight from weight_{{ n }}
  {%- if pool.mode == 'fixed' %}
  union all
  select {{ match | join(', ') }}
    {%- for each in owner %}, {{ 'bearer' if each == pool.to else "'unallocated'" }}{% endfor %}, bearer, 1
  from bearer_{{ n }} as bearers
  where not exists (
    select 1 from weight_{{ n }} as weights
    where weights.{{ pool.to }} = bearers.bearer
      {%- for column in match %} and weights.{{ column }} = bearers.{{ column }}{% endfor %}
  )
  {%- endif %}
),
first_{{ n }} as (
  select * from {{ exact_split('origin_' ~ n, 'bearer_' ~ n, match, ['bearer'], direct_costs()) }} as split
),
between_{{ n }} as (
  select row_number() over (order by first.origin_id, first.bearer) as origin_id, first.origin_id as from_id, first.bearer,
    first.part as first_part, first.parts as first_parts, origin.billing_period, origin.day, origin.currency
    {%- for cost in direct_costs() %}, first.{{ cost }}{% endfor %}
  from first_{{ n }} as first
  join origin_{{ n }} as origin on origin.origin_id = first.origin_id
),
second_{{ n }} as (
  select * from {{ exact_split('between_' ~ n, 'member_' ~ n, match + ['bearer'], owner, direct_costs()) }} as split
),
landed_{{ n }} as (
  select {% for name in names %}origin.{{ name }}, {% endfor %}second.team, second.service, second.env,
    {% for cost in direct_costs() %}second.{{ cost }}, {% endfor -%}
    '{{ pool.mode }}' as method,
    {{ money(from_units(whole_part(whole_part('between.first_part * ' ~ scale(), 'between.first_parts') ~ ' * second.part', 'second.parts'))) }} as weight
  from second_{{ n }} as second
  join between_{{ n }} as between on between.origin_id = second.origin_id
  join origin_{{ n }} as origin on origin.origin_id = between.from_id
  union all
  select {% for name in names %}origin.{{ name }}, {% endfor %}'unallocated', 'unallocated', 'unallocated',
    {% for cost in direct_costs() %}origin.{{ cost }}, {% endfor -%}
    'no_bearer' as method,
    {{ money('1') }} as weight
  from origin_{{ n }} as origin
  where not exists (
    select 1 from bearer_{{ n }} as bearers
    where true {%- for column in match %} and bearers.{{ column }} = origin.{{ column }}{% endfor %}
  )
)
{%- endmacro -%}

{#- True where a share of pool `earlier` landed on an owner whose costs a later pool, up to number `last`, shares in turn:
    the first such pool takes it, so for the pool itself only those no pool in between took. -#}
{%- macro passes_on(pools, earlier, last) -%}
{%- set ns = namespace(terms=[]) -%}
{%- for pool in pools[earlier + 1:last] if pool.landing %}{% do ns.terms.append('not ' ~ pool.landing) %}{% endfor -%}
{{ (ns.terms + [pools[last].landing or 'false']) | join(' and ') }}
{%- endmacro -%}
