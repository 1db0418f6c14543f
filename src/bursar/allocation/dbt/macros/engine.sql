{#- Where engines differ, and only there. Each macro says what it promises; another engine adds `<engine>__<macro>`. -#}

{#- A 64-bit hash of columns, NULLs included; equal rows hash alike. Collisions are tested for, not assumed away. -#}
{%- macro hash64(columns) -%}{{ return(adapter.dispatch('hash64', 'bursar')(columns)) }}{%- endmacro -%}
{%- macro default__hash64(columns) -%}hash({{ columns | join(', ') }}){%- endmacro -%}

{#- A tag key as the rules compare it: case and `-_. ` do not count. -#}
{%- macro fold_key(key) -%}{{ return(adapter.dispatch('fold_key', 'bursar')(key)) }}{%- endmacro -%}
{%- macro default__fold_key(key) -%}lower(translate({{ key }}, '-_. ', '')){%- endmacro -%}

{#- A tag value as owners are named: white space around it and case do not count; what is empty then is absent. -#}
{%- macro clean_value(value) -%}{{ return(adapter.dispatch('clean_value', 'bursar')(value)) }}{%- endmacro -%}
{%- macro default__clean_value(value) -%}nullif(lower(trim({{ value }}, chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(32) || chr(160))), ''){%- endmacro -%}

{#- One row per entry of a map column: `entry.key`, `entry.value`. -#}
{%- macro unnest_map(column) -%}{{ return(adapter.dispatch('unnest_map', 'bursar')(column)) }}{%- endmacro -%}
{%- macro default__unnest_map(column) -%}unnest(map_entries({{ column }})){%- endmacro -%}

{#- Money, quantity and weight as every column holds them. -#}
{%- macro money(value) -%}cast({{ value }} as decimal(38, 12)){%- endmacro -%}
