-- Grain: metric, day, service, env, tenant. Unique key: the grain. Drops: nothing; values of one key add up.
select
  metric, day,
  {{ clean_value('service') }} as service,
  {{ clean_value('env') }} as env,
  tenant,
  {{ money('sum(quantity)') }} as quantity,
  case when bool_or(quality = 'estimated') then 'estimated' else 'measured' end as quality
from {{ source('inputs', 'unit_metric_daily') }}
group by all
