-- An estate of three clouds, thirteen months to 17 November 2026, as cost_and_usage and the marts that pages ask.
-- Amounts are exact and repeatable: a base by day, the weekend's dip, and digits of a hash. Events: ml's GPU nodes stay on from
-- 12 November, a new service starts on 9 November, search's price falls by 3 % with the month.
CREATE TABLE thing AS SELECT * FROM (VALUES
  ('aws', '111122223333', 'payments-prod', 'AWS', 'Amazon EC2', 'Compute', 'eu-central-1', 'BoxUsage:m6i.2xlarge', 'i-0a1', 'checkout-1', 'payments', 'checkout-api', 'prod', 'USD', 690.00, 'Hours', 0.4100, 'payments'),
  ('aws', '111122223333', 'payments-prod', 'AWS', 'Amazon RDS', 'Databases', 'eu-central-1', 'InstanceUsage:db.r6g', 'db-pay', 'ledger', 'payments', 'ledger', 'prod', 'USD', 400.00, 'Hours', 0.9600, 'payments'),
  ('aws', '111122223333', 'payments-dev', 'AWS', 'Amazon EC2', 'Compute', 'eu-central-1', 'BoxUsage:t3.large', 'i-0d1', 'checkout-dev', 'payments', 'checkout-api', 'dev', 'USD', 90.00, 'Hours', 0.0900, 'payments'),
  ('aws', '444455556666', 'search-prod', 'AWS', 'Amazon OpenSearch', 'Databases', 'eu-west-1', 'ESInstance:r6g', 'os-1', 'query', 'search', 'query', 'prod', 'USD', 560.00, 'Hours', 0.3300, 'search'),
  ('aws', '444455556666', 'search-prod', 'AWS', 'Amazon S3', 'Storage', 'eu-west-1', 'TimedStorage-ByteHrs', 'arn:aws:s3:::acme-index', 'acme-index', 'search', 'indexer', 'prod', 'USD', 210.00, 'GB-Mo', 0.0230, 'search'),
  ('aws', '444455556666', 'search-prod', 'AWS', 'Amazon CloudWatch', 'Management and Governance', 'eu-west-1', 'DataProcessing-Bytes', NULL, NULL, 'search', 'query', 'prod', 'USD', 88.00, 'GB', 0.5000, 'search'),
  ('aws', '777788889999', 'platform', 'AWS', 'Amazon EKS', 'Compute', 'eu-central-1', 'EKS-Hours', 'arn:aws:eks:eu-central-1:777788889999:cluster/main', 'main', 'platform', 'cluster', 'prod', 'USD', 310.00, 'Hours', 0.1000, 'platform'),
  ('aws', '777788889999', 'platform', 'AWS', 'AWS Support', 'Other', 'global', 'Support-Business', NULL, NULL, 'platform', 'support', 'prod', 'USD', 45.00, NULL, NULL, 'platform'),
  ('aws', '777788889999', 'platform', 'AWS', 'Amazon DynamoDB', 'Databases', 'eu-central-1', 'TimedStorage-Dynamo', NULL, NULL, 'unallocated', 'unallocated', 'unallocated', 'USD', 120.00, 'GB-Mo', 0.2500, NULL),
  ('gcp', '01AAAA-BBBBBB-CCCCCC', 'acme-ml', 'Google Cloud', 'Compute Engine', 'Compute', 'us-central1', 'A100-GPU', '//compute/train-staging', 'train-staging', 'ml', 'training', 'staging', 'USD', 118.00, 'Hours', 2.9300, 'ml'),
  ('gcp', '01AAAA-BBBBBB-CCCCCC', 'acme-ml', 'Google Cloud', 'Vertex AI', 'AI and Machine Learning', 'us-central1', 'Vertex-Pipelines', '//vertex/rank', 'rank', 'ml', 'ranking', 'prod', 'USD', 640.00, 'Hours', 1.1200, 'ml'),
  ('gcp', '01AAAA-BBBBBB-CCCCCC', 'acme-data', 'Google Cloud', 'BigQuery', 'Analytics', 'EU', 'Analysis', '//bq/warehouse', 'warehouse', 'data', 'warehouse', 'prod', 'USD', 520.00, 'TiB', 6.2500, 'data'),
  ('gcp', '01AAAA-BBBBBB-CCCCCC', 'acme-data', 'Google Cloud', 'Cloud Storage', 'Storage', 'EU', 'Standard-Storage', '//gcs/lake', 'lake', 'data', 'lake', 'prod', 'USD', 230.00, 'GiB-Mo', 0.0200, 'data'),
  ('gcp', '01AAAA-BBBBBB-CCCCCC', 'acme-web', 'Google Cloud', 'Cloud CDN', 'Networking', 'global', 'CDN-Egress', '//cdn/media', 'media', 'web', 'media', 'prod', 'USD', 270.00, 'GiB', 0.0800, 'web'),
  ('azure', '8815520', 'sub-office', 'Azure', 'Virtual Machines', 'Compute', 'westeurope', 'D4s-v5', '/subscriptions/1/vm/erp', 'erp', 'platform', 'erp', 'prod', 'EUR', 410.00, 'Hours', 0.2300, 'platform'),
  ('azure', '8815520', 'sub-office', 'Azure', 'Azure SQL Database', 'Databases', 'westeurope', 'vCore', '/subscriptions/1/sql/erp', 'erp-db', 'platform', 'erp', 'prod', 'EUR', 220.00, 'Hours', 0.5100, 'platform'),
  ('azure', '8815520', 'sub-lab', 'Azure', 'Azure Monitor', 'Management and Governance', 'westeurope', 'Log-Data', NULL, NULL, 'unallocated', 'unallocated', 'unallocated', 'EUR', 31.00, 'GB', 2.7600, NULL),
  ('aws', '444455556666', '<img src=x onerror=alert(1)>', 'AWS', 'Amazon VPC', 'Networking', 'eu-west-1', 'NatGateway-Bytes', 'nat-1', 'a{b|c}d' || chr(8238) || 'evil', '<script>alert(1)</script>' || chr(8238) || 'gnp', 'hostile ' || repeat('long ', 60), 'prod', 'USD', 36.00, 'GB', 0.0450, 'x')
) AS t(provider, account, account_name, provider_name, service_name, category, region, sku, resource, resource_name, team, service, env, currency, base, unit, price, tag);

INSERT INTO thing VALUES ('aws', '111122223333', 'payments-prod', 'AWS', 'Amazon SageMaker', 'AI and Machine Learning', 'eu-central-1', 'Host:ml.g5', 'ep-fraud', 'fraud-score', 'payments', 'fraud-score', 'prod', 'USD', 84.00, 'Hours', 1.4080, 'payments');

CREATE TABLE charge AS
SELECT d::DATE AS day, date_trunc('month', d)::DATE AS billing_period, thing.*,
  round(base * (CASE WHEN isodow(d) >= 6 THEN 0.86 ELSE 1 END) * (0.94 + (hash(sku, d::DATE) % 1200) / 10000.0)
    * (1 - 0.012 * date_diff('month', d, DATE '2026-11-01'))
    * (CASE WHEN service = 'training' AND d >= DATE '2026-11-12' THEN 4.96 ELSE 1 END)
    * (CASE WHEN team = 'search' AND d >= DATE '2026-11-01' THEN 0.97 ELSE 1 END), 6)::DECIMAL(38,12) AS effective_cost
FROM thing, range(TIMESTAMP '2025-11-01', TIMESTAMP '2026-11-18', INTERVAL 1 DAY) AS r(d)
WHERE service <> 'fraud-score' OR d >= DATE '2026-11-09';

ALTER TABLE charge ADD COLUMN billed_cost DECIMAL(38,12);
UPDATE charge SET billed_cost = CASE WHEN service_name = 'Amazon EC2' THEN round(effective_cost * 0.93, 6) ELSE effective_cost END;
ALTER TABLE charge ADD COLUMN consumed_quantity DECIMAL(38,12);
UPDATE charge SET consumed_quantity = CASE WHEN price IS NULL THEN NULL ELSE round(effective_cost / (price * CASE WHEN team = 'search' AND day >= DATE '2026-11-01' THEN 0.97 ELSE 1 END), 6) END;

CREATE TABLE charge_daily AS
SELECT day, billing_period, provider, provider || '-main' AS source, account AS billing_account_id, account AS sub_account_id, account_name AS sub_account_name,
  provider || ':' || strftime(billing_period, '%Y-%m') AS invoice_key, service_name, category AS service_category, region AS region_id, sku AS sku_id,
  resource AS resource_id, resource_name, NULL::VARCHAR AS resource_type, 'Usage' AS charge_category, NULL::VARCHAR AS charge_class, 'Standard' AS pricing_category,
  NULL::VARCHAR AS commitment_discount_status, currency, team, service, env, 'direct' AS kind, NULL::VARCHAR AS pool,
  'team' AS team_rule, 'service' AS service_rule, 'env' AS env_rule, unit AS consumed_unit, consumed_quantity, 1::BIGINT AS lines,
  billed_cost, effective_cost, effective_cost AS contracted_cost, effective_cost AS list_cost,
  billed_cost AS allocated_billed_cost, effective_cost AS allocated_cost, effective_cost AS allocated_contracted_cost, effective_cost AS allocated_list_cost
FROM charge;
