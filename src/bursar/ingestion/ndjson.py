"""Types for JSON bills: each top-level key parsed once into the shape its family expects, not once for each column."""

from collections import defaultdict
from functools import cache

from bursar.ingestion.casts import identifier
from bursar.ingestion.families import Column, Family, family

_WHOLE = {"map", "json"}
"""Kinds whose form is not known before the value is seen."""


def shaped(bill: Family, seen: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The keys seen, then the optional ones the family knows, each with a type for `read_json`.

    An export leaves out what is null, so that a key may first occur on any line. A required or flagged key is never made up.
    """
    shapes = _shapes(bill.name)
    known = {bill.folded(header) for header, _ in seen}
    unseen = [(root, shape) for root, (shape, is_telling) in shapes.items() if not is_telling and bill.folded(root) not in known]
    folded = {bill.folded(root): shape for root, (shape, _) in shapes.items()}
    return (*((header, folded.get(bill.folded(header), physical)) for header, physical in seen), *unseen)


@cache
def _shapes(name: str) -> dict[str, tuple[str, bool]]:
    """By top-level key: its type, and whether a column lives there whose absence tells something."""
    uses: defaultdict[str, list[tuple[str, Column]]] = defaultdict(list)
    for column_name, column in family(name).columns.items():
        for spelling in (column_name, *column.aliases):
            root, _, path = spelling.partition(".")
            uses[root].append((path, column))
    return {root: (_shape(found), any(column.required or column.flag for _, column in found)) for root, found in uses.items()}


def _shape(uses: list[tuple[str, Column]]) -> str:
    whole = [column for path, column in uses if not path]
    if not whole and all("." not in path for path, _ in uses):
        members = {path: "JSON" if column.type in _WHOLE or column.type == "list" else "VARCHAR" for path, column in uses}
        return f"STRUCT({_listed(members)})"
    if len(uses) != 1 or whole[0].type in _WHOLE:
        return "JSON"
    if whole[0].type == "list":
        return f"STRUCT({_listed(dict.fromkeys(whole[0].fields, 'VARCHAR'))})[]"
    return "VARCHAR"


def _listed(members: dict[str, str]) -> str:
    return ", ".join(f"{identifier(member)} {kind}" for member, kind in members.items())
