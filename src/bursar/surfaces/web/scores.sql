-- Grain: team, day, currency; NULL is what has no team. Unique key: the grain. Drops: other levels, days before the newest few.
SELECT map_extract(scope, 'team')[1] AS team, day, actual, expected, lo, hi, status, currency
FROM read_parquet({file})
WHERE level = 'team' AND day > (SELECT max(day) FROM read_parquet({file})) - CAST(? AS INTEGER)
ORDER BY currency, team NULLS LAST, day
