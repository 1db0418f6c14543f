"""Google Cloud: one billing account's detailed export, as extracted from BigQuery."""
