-- No charge is claimed by two shared pools: whose weights would apply?
{{ config(tags=['rules']) }}
select pools, count(*) as kinds_of_charge, any_value(service_name) as service_name, any_value(charge_category) as charge_category,
  any_value(team) as team
from {{ ref('int_owner') }} where contains(pools, ', ') group by pools
