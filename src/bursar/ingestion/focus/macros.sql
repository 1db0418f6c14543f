-- Arithmetic and maps the families share. Money is DECIMAL(38,12), rounded once, half-up at digit 12.

-- amount / quantity: a unit price, which nothing sums, good to sixteen digits. NULL without a quantity.
CREATE TEMP MACRO unit_price(amount, quantity) AS
  CASE
    WHEN abs(quantity) = 1 THEN CAST(amount * quantity AS DECIMAL(38, 12))
    WHEN quantity <> 0 THEN CAST(CAST(amount AS DOUBLE) / CAST(quantity AS DOUBLE) AS DECIMAL(38, 12))
  END;

-- A product of two decimals, DECIMAL(38,24), times an exchange rate: the digits beyond the twelfth are multiplied apart.
-- `likely` is tried first, since comparing is a hundred times cheaper than rounding.
CREATE TEMP MACRO converted(product, rate, likely) AS
  CASE
    WHEN rate = 1 AND product = likely THEN likely
    WHEN rate = 1 THEN CAST(product AS DECIMAL(38, 12))
    ELSE CAST(
      trunc(product, 12) * rate
      + CAST(
        trunc(CAST((product - trunc(product, 12)) * 1000000000000 AS DECIMAL(38, 12)) * rate, 12) * CAST(0.000000000001 AS DECIMAL(13, 12))
        AS DECIMAL(38, 24)
      ) AS DECIMAL(38, 12)
    )
  END;

-- A map, or NULL where it holds nothing.
CREATE TEMP MACRO filled(tags) AS
  CASE WHEN cardinality(CAST(tags AS MAP(VARCHAR, VARCHAR))) > 0 THEN tags END;

-- Tags where a key without a value, as opposed to an empty one, is 'true'.
CREATE TEMP MACRO valued(tags) AS
  CASE
    WHEN list_count(map_values(tags)) < cardinality(tags)
    THEN map_from_entries(list_transform(map_entries(tags), lambda tag: {'key': tag.key, 'value': coalesce(tag.value, 'true')}))
    ELSE tags
  END;

-- A list of key-value structs as a map without empty values; of a key that occurs twice the first counts.
CREATE TEMP MACRO pairs_to_map(pairs) AS
  map_from_entries(
    list_transform(
      list_filter(
        pairs,
        lambda pair, place: pair.value <> '' AND list_position(list_transform(pairs, lambda one: one.key), pair.key) = place
      ),
      lambda pair: {'key': pair.key, 'value': pair.value}
    )
  );


-- amount × numerator / denominator, rounded once; the amount itself where the ratio is unknown or one.
CREATE TEMP MACRO scaled(amount, numerator, denominator) AS
  CASE
    WHEN coalesce(numerator, 0) = 0 OR coalesce(denominator, 0) = 0 OR numerator = denominator OR amount = 0 THEN amount
    ELSE CAST(
      CAST(
        sign(amount) * sign(numerator) * sign(denominator)
        * (
          (
            2 * CAST(abs(amount) * 1000000000000 AS HUGEINT) * CAST(abs(numerator) * 1000000000000 AS HUGEINT)
            + CAST(abs(denominator) * 1000000000000 AS HUGEINT)
          ) // (2 * CAST(abs(denominator) * 1000000000000 AS HUGEINT))
        ) AS DECIMAL(38, 0)
      ) * CAST(0.000000000001 AS DECIMAL(13, 12)) AS DECIMAL(38, 12)
    )
  END;

-- The price the bill states where it explains the amount (one part in a million), else the price that does.
CREATE TEMP MACRO stated_price(amount, quantity, price) AS
  CASE
    WHEN abs(CAST(price AS DOUBLE) * CAST(quantity AS DOUBLE) - CAST(amount AS DOUBLE)) <= 0.000001 * abs(CAST(amount AS DOUBLE)) THEN price
    ELSE unit_price(amount, quantity)
  END;

-- AWS tags under the names their owners gave them: `user_team` is team, `aws_created_by` is aws:created_by. In JSON without
-- blanks `"user_` begins a key, unless a value begins so too; that rare text takes the slow way. By way of JSON on purpose:
-- a map from lists of keys and values takes three times as long.
CREATE TEMP MACRO aws_tags(json) AS
  CASE
    WHEN json <> '{}' THEN json_map(
      CASE
        WHEN contains(json, ':"user_') OR (contains(json, '"aws_') AND contains(json, ':"aws_'))
          THEN regexp_replace(regexp_replace(json, '([{,])"aws_', '\1"aws:', 'g'), '([{,])"user_', '\1"', 'g')
        WHEN contains(json, '"aws_') THEN replace(replace(json, '"aws_', '"aws:'), '"user_', '"')
        ELSE replace(json, '"user_', '"')
      END
    )
  END;
