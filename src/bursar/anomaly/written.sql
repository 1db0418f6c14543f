-- Grain: series, day. Unique key: the grain. Drops: days before a series' first known one.
COPY (
  SELECT series,
    CASE WHEN names IS NULL THEN MAP {}::MAP(VARCHAR, VARCHAR)
      ELSE MAP(string_split(names, chr(31)), list_transform(string_split(coalesce("values", ''), chr(31)), lambda value: CASE WHEN value = chr(1) THEN NULL ELSE value END))
    END AS scope,
    level, currency, day::DATE AS day, actual::DECIMAL(38, 12) AS actual, expected::DECIMAL(38, 12) AS expected,
    lo::DECIMAL(38, 12) AS lo, hi::DECIMAL(38, 12) AS hi, sigma::DOUBLE AS sigma, score::DOUBLE AS score, test, status
  FROM read_csv('{folder}/anomaly_score.csv', auto_detect = false, header = false, nullstr = '', quote = '"', escape = '"', delim = ',',
    columns = {series: 'VARCHAR', 'names': 'VARCHAR', 'values': 'VARCHAR', level: 'VARCHAR', currency: 'VARCHAR', day: 'VARCHAR', actual: 'VARCHAR', expected: 'VARCHAR', lo: 'VARCHAR', hi: 'VARCHAR', sigma: 'VARCHAR', score: 'VARCHAR', test: 'VARCHAR', status: 'VARCHAR'})
  ORDER BY level, series, day
) TO '{folder}/anomaly_score.parquet' (FORMAT parquet, COMPRESSION zstd);
-- Grain: scope_id, period, currency. Unique key: the grain. Drops: nothing.
COPY (
  SELECT scope_id, coalesce(scope, '') AS scope, period::DATE AS period, currency, as_of::DATE AS as_of, actual::DECIMAL(38, 12) AS actual,
    p10::DECIMAL(38, 12) AS p10, p50::DECIMAL(38, 12) AS p50, p90::DECIMAL(38, 12) AS p90,
    string_split(quantiles, '|')::DECIMAL(38, 12)[] AS quantiles, method
  FROM read_csv('{folder}/forecast_month.csv', auto_detect = false, header = false, nullstr = '', quote = '"', escape = '"', delim = ',',
    columns = {scope_id: 'VARCHAR', scope: 'VARCHAR', period: 'VARCHAR', currency: 'VARCHAR', as_of: 'VARCHAR', actual: 'VARCHAR', p10: 'VARCHAR', p50: 'VARCHAR', p90: 'VARCHAR', quantiles: 'VARCHAR', method: 'VARCHAR'})
  ORDER BY scope_id, period, currency
) TO '{folder}/forecast_month.parquet' (FORMAT parquet, COMPRESSION zstd)
