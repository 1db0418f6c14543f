{#-
The one way an amount is divided. Engines part, silently, in DECIMAL multiplication and division, so money is only ever added,
subtracted, negated and compared; shares are integers of 10^-12.

  u = |amount| in units, w = weight in units (below 0 counts as 0; all 0: every target weighs the same)
  s = floor(w * 10^12 / sum w)          shares of about 10^12; each at most 10^12
  q = floor(u * s / sum s)              and the left-over units go one each to the largest remainders, ties by key
  share = (q [+ 1]) with the sign of the amount

Reach, on 128-bit integers: u and w up to 10^26 units (amounts below 10^14: 100 trillion of any currency), as 10^26 * 10^12
fits below 2^127 = 1.7 * 10^38. A larger amount is an error of the engine, never a wrapped number. With 10^15 for 10^12
the shares would be finer and the reach 1.7 * 10^11, less than a large bill in dong.
-#}

{#- An exact decimal as a count of 10^-12. Fails from 10^14 on. -#}
{%- macro to_units(amount) -%}cast({{ amount }} * cast(1000000000000 as decimal(13, 0)) as hugeint){%- endmacro -%}

{#- The decimal of a non-negative count of 10^-12. -#}
{%- macro from_units(units) -%}
{{ money("cast(" ~ whole_part(units, scale()) ~ " as decimal(38, 12)) + cast((" ~ units ~ ") % " ~ scale() ~ " as decimal(12, 0)) * cast('0.000000000001' as decimal(13, 12))") }}
{%- endmacro -%}

{#- floor(a / b) of non-negative 128-bit integers. -#}
{%- macro whole_part(a, b) -%}(({{ a }}) // ({{ b }})){%- endmacro -%}
{%- macro scale() -%}cast(1000000000000 as hugeint){%- endmacro -%}

{#-
A relation of shares: `origin_id`, the target's keys, each measure's share, `part` and `parts` (the share of the weights).

origins    relation: origin_id (unique), the match columns, the measures
targets    relation: the match columns, the keys (unique within a match), `weight` as hugeint units
match      columns by which an origin finds its targets; an origin without targets yields no row: the caller keeps it
keys       columns that name a target, also the order in which ties are broken
measures   decimal columns, each split with the same weights and its own remainders; NULL stays NULL
-#}
{%- macro exact_split(origins, targets, match, keys, measures) -%}
(
  with weighed as (
    select {{ (match + keys) | join(', ') }}, greatest(weight, 0) as weight,
      sum(greatest(weight, 0)) over (partition by {{ match | join(', ') }}) as weights
    from {{ targets }}
  ),
  scaled as (
    select {{ (match + keys) | join(', ') }},
      case when weights = 0 then cast(1 as hugeint) else {{ whole_part('weight * ' ~ scale(), 'weights') }} end as part
    from weighed
  ),
  whole as (
    select *, sum(part) over (partition by {{ match | join(', ') }}) as parts from scaled
  ),
  paired as (
    select origins.origin_id, {% for key in keys %}whole.{{ key }}, {% endfor %}whole.part, whole.parts
      {%- for measure in measures %},
      origins.{{ measure }} < 0 as {{ measure }}_below, {{ to_units('abs(origins.' ~ measure ~ ')') }} as {{ measure }}_units
      {%- endfor %}
    from {{ origins }} as origins
    join whole on {% for column in match %}{{ 'and ' if not loop.first }}origins.{{ column }} is not distinct from whole.{{ column }} {% endfor %}
  ),
  floored as (
    select *
      {%- for measure in measures %},
      {{ whole_part(measure ~ '_units * part', 'parts') }} as {{ measure }}_floor, ({{ measure }}_units * part) % parts as {{ measure }}_rest
      {%- endfor %}
    from paired
  ),
  ranked as (
    select *
      {%- for measure in measures %},
      {{ measure }}_units - sum({{ measure }}_floor) over (partition by origin_id) as {{ measure }}_over,
      row_number() over (partition by origin_id order by {{ measure }}_rest desc, {{ keys | join(', ') }}) as {{ measure }}_rank
      {%- endfor %}
    from floored
  ),
  counted as (
    select origin_id, {{ keys | join(', ') }}, part, parts
      {%- for measure in measures %},
      {{ measure }}_below, {{ measure }}_floor + case when {{ measure }}_rank <= {{ measure }}_over then 1 else 0 end as {{ measure }}_share
      {%- endfor %}
    from ranked
  )
  select origin_id, {{ keys | join(', ') }}, part, parts
    {%- for measure in measures %},
    case when {{ measure }}_below then -{{ from_units(measure ~ '_share') }} else {{ from_units(measure ~ '_share') }} end as {{ measure }}
    {%- endfor %}
  from counted
)
{%- endmacro -%}

{#- amount / quantity, half-up at digit 12, NULL where the quantity is 0 or unknown; both below 10^14. -#}
{%- macro unit_price(amount, quantity) -%}
case
  when not {{ quantity }} > 0 then null
  when {{ amount }} < 0 then -{{ from_units(nearest(to_units('abs(' ~ amount ~ ')') ~ ' * ' ~ scale(), to_units(quantity))) }}
  else {{ from_units(nearest(to_units(amount) ~ ' * ' ~ scale(), to_units(quantity))) }}
end
{%- endmacro -%}

{#- a / b of non-negative 128-bit integers, half-up. -#}
{%- macro nearest(a, b) -%}
({{ whole_part(a, b) }} + case when ({{ a }}) % ({{ b }}) >= {{ b }} - ({{ a }}) % ({{ b }}) then 1 else 0 end)
{%- endmacro -%}
