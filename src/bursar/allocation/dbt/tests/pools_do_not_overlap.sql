-- No charge is claimed by two shared pools: whose weights would apply?
{{ config(tags=['rules']) }}
select
  'shared pools ' || pools || ' claim the same charges, for example ' || concat_ws(', ', charge_category, service_name, 'team ' || team) as problem,
  'Narrow one of them with AND NOT (…), so that a charge belongs to one pool.' as cure
from {{ ref('int_owner') }}
where contains(pools, ', ')
order by problem
