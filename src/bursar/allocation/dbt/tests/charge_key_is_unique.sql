-- No two combinations of describing columns share a hash.
select charge_key, count(*) as combinations from {{ ref('int_charge_key') }} group by charge_key having count(*) > 1
