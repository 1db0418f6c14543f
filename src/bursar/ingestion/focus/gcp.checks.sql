-- table: gcp_native — the invoice of each currency and publisher: costs and credits are summed apart, not row by row
WITH costs AS (
  SELECT currency, upper(coalesce(invoice_publisher_type, 'GOOGLE')) AS publisher, count(*) AS lines, count(*) - count(cost) AS blank, sum(cost) AS cost
  FROM raw
  GROUP BY ALL
), credited AS (
  SELECT currency, publisher, sum(credit.amount) AS credits
  FROM (SELECT currency, upper(coalesce(invoice_publisher_type, 'GOOGLE')) AS publisher, unnest(credits) AS credit FROM raw) AS one
  GROUP BY ALL
)
SELECT currency, publisher, lines, blank, coalesce(cost, 0) + coalesce(credits, 0) AS net
FROM costs LEFT JOIN credited USING (currency, publisher)

-- table: gcp_charged — the same of the FOCUS rows
SELECT BillingCurrency AS currency, split_part(x_InvoiceKey, ':', -1) AS publisher, count(*) AS lines, sum(BilledCost) AS billed, sum(EffectiveCost) AS effective
FROM focus
GROUP BY ALL

-- check: gcp-rows — Every row of the export is one charge.
SELECT (SELECT coalesce(sum(lines), 0) FROM gcp_native) AS lhs, (SELECT coalesce(sum(lines), 0) FROM gcp_charged) AS rhs, 0 AS tolerance, 'rows' AS detail

-- check: gcp-costs — No row lacks its cost.
SELECT (SELECT coalesce(sum(blank), 0) FROM gcp_native) AS lhs, 0 AS rhs, 0 AS tolerance, 'rows without cost' AS detail

-- check: gcp-billed — Costs plus credits are what is billed, for each currency and publisher.
SELECT coalesce(net, 0) AS lhs, coalesce(billed, 0) AS rhs, 0 AS tolerance, concat_ws(' ', currency, publisher) AS detail
FROM gcp_native FULL JOIN gcp_charged USING (currency, publisher)

-- check: gcp-effective — Nothing is amortised outside its row: effective is billed.
SELECT coalesce(net, 0) AS lhs, coalesce(effective, 0) AS rhs, 0 AS tolerance, concat_ws(' ', currency, publisher) AS detail
FROM gcp_native FULL JOIN gcp_charged USING (currency, publisher)
