"""SQL that turns one delivered value, of whatever physical type, into ours; the macros it calls are in `reading.sql`.

Maps and lists are in `nested`.
"""

from dataclasses import dataclass

from bursar.ingestion.families import Kind

MONEY = "DECIMAL(38,12)"

TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "id": "VARCHAR",
    "money": MONEY,
    "number": MONEY,
    "time": "TIMESTAMP",
    "bool": "BOOLEAN",
    "json": "VARCHAR",
    "object": "VARCHAR",
    "map": "MAP(VARCHAR, VARCHAR)",
}
"""The SQL type of each kind but `list`, whose type depends on its fields."""

_INTEGERS = ("BIGINT", "HUGEINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UHUGEINT", "UINTEGER", "USMALLINT", "UTINYINT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A delivered value: its SQL, its physical type, and whether only a blank text means nothing."""

    sql: str
    physical: str
    blank: bool = False

    @property
    def plain(self) -> str:
        """SQL for the value as text; a JSON string comes without its quotes."""
        if self.physical == "JSON":
            return f"({self.sql} ->> '$')"
        return self.sql if self.physical == "VARCHAR" else f"CAST({self.sql} AS VARCHAR)"


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def scalar(value: Value, kind: Kind) -> str:
    """A value that is neither map nor list, as our type."""
    if kind in {"money", "number"}:
        return exact(value)
    if kind == "time":
        return moment(value)
    if kind == "bool":
        return f"coalesce(try_cast({value.sql} AS BOOLEAN), false)"
    return json(value) if kind == "json" else text(value, is_id=kind == "id")


def text(value: Value, *, is_id: bool = False) -> str:
    """Text, where an empty value is NULL: blank, and in an id (or where `blank` does not hold) in any other spelling."""
    return f"nullif({value.plain}, '')" if value.blank and not is_id else f"said({value.plain})"


def exact(value: Value) -> str:
    """A decimal without a float in between. What is not a finite number is an error, never NULL."""
    if value.physical.startswith("DECIMAL") or value.physical in _INTEGERS:
        return f"CAST({value.sql} AS {MONEY})"
    return f"decimal_of_double({value.sql})" if value.physical == "DOUBLE" else f"decimal_of_text({value.plain})"


def moment(value: Value) -> str:
    """A moment in UTC; a text that is none is an error."""
    if value.physical == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({value.sql}))"
    if value.physical.startswith("TIMESTAMP") or value.physical == "DATE":
        return f"CAST({value.sql} AS TIMESTAMP)"
    return f"moment_of_text({value.plain})"


def json(value: Value) -> str:
    """JSON text."""
    if value.physical in {"VARCHAR", "JSON"}:
        return f"nullif(CAST({value.sql} AS VARCHAR), '')"
    filled = f"cardinality({value.sql}) > 0" if value.physical.startswith("MAP(") else "true"
    return f"CASE WHEN {filled} THEN CAST(to_json({value.sql}) AS VARCHAR) END"


def is_misread(value: Value, kind: Kind) -> str | None:
    """SQL that is true where a value says something that `scalar` cannot read; None for kinds that read everything."""
    if kind in {"money", "number"} and value.physical == "DOUBLE":
        return f"NOT (abs({value.sql}) < 1e26)"
    if kind in {"money", "number", "time"} and value.physical in {"VARCHAR", "JSON"}:
        tried = "moment_tried" if kind == "time" else "decimal_tried"
        return f"(stated({value.plain}) IS NOT NULL AND {tried}({value.plain}) IS NULL)"
    return None
