-- How one delivered value becomes ours. Text in, or the physical type the macro is named after. Decimals are half-up at the
-- twelfth digit and never pass through a float; what is neither empty nor a value fails the query.

-- A text, NULL where it says nothing in one of the spellings of exports. Two short lists on purpose: DuckDB turns IN over
-- six literals into a join, fifty times slower.
CREATE TEMP MACRO said(value) AS
  CASE WHEN value NOT IN ('', 'NULL', 'null') AND value NOT IN ('N/A', 'None', '-2', 'Unassigned') THEN value END;

-- The same for numbers and times, where -2 is a value.
CREATE TEMP MACRO stated(value) AS CASE WHEN value NOT IN ('', 'NULL', 'null') AND value NOT IN ('N/A', 'None', 'Unassigned') THEN value END;

-- DuckDB parses text into DECIMAL(18,12) fifty times faster than into DECIMAL(38,12); of a short text above a million the
-- digits fit one of the narrower scales. Not with an exponent: DuckDB lets 6e16 into DECIMAL(18,2), which ends at 1e16.
CREATE TEMP MACRO decimal_tried(value) AS
  coalesce(
    try_cast(value AS DECIMAL(18, 12)),
    CASE
      WHEN length(value) <= 18 AND NOT contains(lower(value), 'e')
        THEN coalesce(
          try_cast(value AS DECIMAL(18, 10)),
          try_cast(value AS DECIMAL(18, 8)),
          try_cast(value AS DECIMAL(18, 6)),
          try_cast(value AS DECIMAL(18, 4)),
          try_cast(value AS DECIMAL(18, 2))
        )
    END,
    try_cast(stated(value) AS DECIMAL(38, 12))
  );
CREATE TEMP MACRO decimal_of_text(value) AS coalesce(decimal_tried(value), CAST(stated(value) AS DECIMAL(38, 12)));

-- A DOUBLE below 1000 casts exactly, and so does a whole one; of the rest only the shortest text has the digits the
-- provider wrote, at most seventeen, hence the scale by magnitude.
CREATE TEMP MACRO decimal_of_double(value) AS
  CASE
    WHEN abs(value) < 1000 THEN CAST(value AS DECIMAL(38, 12))
    WHEN abs(value) < 9000000000000000 AND value = trunc(value) THEN CAST(CAST(value AS BIGINT) AS DECIMAL(38, 12))
    WHEN abs(value) < 1000000 THEN CAST(CAST(value AS VARCHAR) AS DECIMAL(18, 12))
    WHEN abs(value) < 100000000 THEN CAST(CAST(value AS VARCHAR) AS DECIMAL(18, 10))
    WHEN abs(value) < 10000000000 THEN CAST(CAST(value AS VARCHAR) AS DECIMAL(18, 8))
    WHEN abs(value) < 1000000000000 THEN CAST(CAST(value AS VARCHAR) AS DECIMAL(18, 6))
    WHEN abs(value) < 100000000000000 THEN CAST(CAST(value AS VARCHAR) AS DECIMAL(18, 4))
    WHEN abs(value) < 10000000000000000 THEN CAST(CAST(value AS VARCHAR) AS DECIMAL(18, 2))
    ELSE CAST(CAST(value AS VARCHAR) AS DECIMAL(38, 12))
  END;

-- A moment in UTC: ISO with or without fraction, zone or seconds, and the American dates of older exports (to DuckDB's cast
-- 5/1/25 is a day of the year 5).
CREATE TEMP MACRO moment_tried(value) AS
  coalesce(
    CASE
      WHEN length(value) > 19 AND value[-6] IN ('+', '-') AND value[-5:] <> '00:00' THEN make_timestamp(epoch_us(try_cast(value AS TIMESTAMPTZ)))
      WHEN NOT contains(left(value, 3), '/') THEN try_cast(value AS TIMESTAMP)
    END,
    try_strptime(
      value, ['%m/%d/%y', '%m/%d/%Y', '%Y-%m-%dT%H:%MZ', '%Y-%m-%d %H:%M', '%m/%d/%Y %H:%M:%S', '%m/%d/%Y %H:%M', '%Y%m%d']
    )
  );
CREATE TEMP MACRO moment_of_text(value) AS coalesce(moment_tried(value), CAST(stated(value) AS TIMESTAMP));

-- A map from the text of a JSON object, parsed once: a cast to JSON would check the text and then read it again.
CREATE TEMP MACRO json_map(json) AS from_json(json, '"MAP(VARCHAR, VARCHAR)"');
