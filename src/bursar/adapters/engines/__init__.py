"""Policy engines. Only OPA decides (ADR 0008)."""
