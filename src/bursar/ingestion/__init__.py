"""Bills in: recognised, landed, normalised, proven, met with their invoices."""
