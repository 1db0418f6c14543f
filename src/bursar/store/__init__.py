"""The operational database: what was delivered, what is live, and the journal of what was decided."""
