"""SQL expressions that turn one delivered value, of whatever physical type, into ours: exact, or an error that names the place.

Every function takes a `Value` and gives SQL text. Decimals are half-up at the twelfth digit, times are UTC. Maps and
lists are in `nested`.
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
    "map": "MAP(VARCHAR, VARCHAR)",
}
"""The SQL type of each kind but `list`, whose type depends on its fields."""

def is_said(plain: str) -> str:
    """SQL: whether a text says anything, in any of the spellings exports use for nothing.

    Two short lists on purpose: DuckDB turns IN over six literals into a join, fifty times slower.
    """
    return f"({plain} NOT IN ('', 'NULL', 'null') AND {plain} NOT IN ('N/A', 'Unassigned'))"



_INTEGERS = ("BIGINT", "HUGEINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UHUGEINT", "UINTEGER", "USMALLINT", "UTINYINT")
_OTHER_TIMES = ["%m/%d/%y", "%m/%d/%Y", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%Y%m%d"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A delivered value: its SQL, its physical type, and SQL for the text that names its file and column in an error."""

    sql: str
    physical: str
    place: str = "''"

    def inner(self, sql: str, *, physical: str) -> "Value":
        """Another value at the same place."""
        return Value(sql=sql, physical=physical, place=self.place)

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
    return json(value) if kind == "json" else text(value)


def text(value: Value) -> str:
    """Text, where an empty value in any of its spellings is NULL."""
    return f"CASE WHEN {is_said(value.plain)} AND {value.plain} <> '-2' THEN {value.plain} END"


def exact(value: Value) -> str:
    """A decimal without a float in between. What is not a finite number is an error, never NULL.

    DuckDB parses text into DECIMAL(18,12) fifty times faster than into DECIMAL(38,12). A DOUBLE below 1000 casts
    exactly; above, only its shortest text has the digits the provider wrote.
    """
    if value.physical.startswith("DECIMAL") or value.physical in _INTEGERS:
        return f"CAST({value.sql} AS {MONEY})"
    wide = _or_refuse(f"try_cast({value.plain} AS {MONEY})", value, meant=MONEY)
    if value.physical == "DOUBLE":
        return f"CASE WHEN abs({value.sql}) < 1000 THEN CAST({value.sql} AS {MONEY}) ELSE {wide} END"
    return f"coalesce(try_cast({value.plain} AS DECIMAL(18,12)), {wide})"


def moment(value: Value) -> str:
    """A moment in UTC: ISO with or without milliseconds, zone or seconds, and the American dates of older exports."""
    if value.physical == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({value.sql}))"
    if value.physical.startswith("TIMESTAMP") or value.physical == "DATE":
        return f"CAST({value.sql} AS TIMESTAMP)"
    plain = value.plain
    shifted = f"length({plain}) > 19 AND {plain}[-6] IN ('+', '-') AND {plain}[-5:] <> '00:00'"
    in_utc = f"make_timestamp(epoch_us(try_cast({plain} AS TIMESTAMPTZ)))"
    american = f"contains(left({plain}, 3), '/')"  # to DuckDB 5/1/25 is the 25th of January of the year 5
    usual = f"CASE WHEN {shifted} THEN {in_utc} WHEN NOT {american} THEN try_cast({plain} AS TIMESTAMP) END"
    return f"coalesce({usual}, {_or_refuse(f'try_strptime({plain}, {_OTHER_TIMES})', value, meant='TIMESTAMP')})"


def json(value: Value) -> str:
    """JSON text."""
    if value.physical in {"VARCHAR", "JSON"}:
        return f"nullif(CAST({value.sql} AS VARCHAR), '')"
    return f"CAST(to_json({value.sql}) AS VARCHAR)"


def _or_refuse(parsed: str, value: Value, *, meant: str) -> str:
    """The parsed value; NULL for an empty one; an error for one that is neither."""
    return f"CASE WHEN {is_said(value.plain)} THEN coalesce({parsed}, CAST({value.plain} AS {meant})) END"
