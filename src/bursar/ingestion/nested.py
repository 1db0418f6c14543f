"""Maps and lists of a bill, from native types, from JSON, or from one column per key."""

from json import dumps

from bursar.ingestion.casts import TYPES, Value, identifier, quoted, scalar, text
from bursar.ingestion.families import Column, Kind

_PAIRS = '[{"key": "VARCHAR", "value": "VARCHAR"}]'


def sql_type(column: Column) -> str:
    """The type `raw` gives a column."""
    if column.type != "list":
        return TYPES[column.type]
    fields = ", ".join(f"{identifier(field)} {TYPES[kind]}" for field, kind in column.fields.items())
    return f"STRUCT({fields})[]"


def cast(value: Value, column: Column) -> str:
    """The value as its column's type."""
    if column.type == "map":
        return _tidied(_as_map(value), column)
    if column.type == "object":
        return _object(value)
    return as_list(value, column.fields) if column.type == "list" else scalar(value, column.type)


def gathered(values: dict[str, Value], column: Column) -> str:
    """One map from a column per key, without the empty ones.

    By way of JSON, which DuckDB turns into a map three times faster than lists of keys and values.
    """
    renamed = {_renamed(key, column): text(value) for key, value in reversed(values.items())}
    members = ", ".join(f"{quoted(dumps(key, ensure_ascii=False) + ':')} || to_json({value})" for key, value in sorted(renamed.items()))
    json = f"'{{' || concat_ws(',', {members}) || '}}'"
    return json if column.type == "object" else f"json_map({json})"


def as_list(value: Value, fields: dict[str, Kind]) -> str:
    """A list of structs with typed members, from a native list or from JSON (Python's quotes accepted)."""
    if value.physical.endswith("[]"):
        items, have = value.sql, dict(members(value.physical[:-2]))
    else:
        shape = ", ".join(f'"{field}": "VARCHAR"' for field in fields)
        items, have = f"from_json({_json_list(value)}, {quoted(f'[{{{shape}}}]')})", dict.fromkeys(fields, "VARCHAR")
    typed = ", ".join(f"{identifier(field)} := {_member(field, kind, physical=have.get(field))}" for field, kind in fields.items())
    return f"list_transform({items}, lambda item: struct_pack({typed}))"


def members(struct: str) -> list[tuple[str, str]]:
    """The members of a STRUCT type as DESCRIBE writes it: name and type, nested ones untouched; none for any other type."""
    if not (struct.startswith("STRUCT(") and struct.endswith(")")):
        return []
    return [_named(part) for part in _split(struct[len("STRUCT(") : -1])]


def _member(field: str, kind: Kind, *, physical: str | None) -> str:
    if physical is None:
        return f"CAST(NULL AS {TYPES[kind]})"
    return scalar(Value(sql=f"item.{identifier(field)}", physical=physical), kind)


def _named(part: str) -> tuple[str, str]:
    if part.startswith('"'):
        end = part.index('" ', 1)
        return part[1:end].replace('""', '"'), part[end + 2 :]
    found, _, kind = part.partition(" ")
    return found, kind


def _split(body: str) -> list[str]:
    """Cut at the commas that stand outside parentheses and quotes."""
    parts: list[str] = []
    depth, inside, start = 0, False, 0
    for place, char in enumerate(body):
        inside ^= char == '"'
        depth += 0 if inside else (char == "(") - (char == ")")
        if char == "," and not depth and not inside:
            parts.append(body[start:place].strip())
            start = place + 1
    return [*parts, body[start:].strip()]


def _as_map(value: Value) -> str:
    if value.physical == "MAP(VARCHAR, VARCHAR)":
        return value.sql
    if value.physical.startswith("MAP("):
        return f"CAST({value.sql} AS MAP(VARCHAR, VARCHAR))"
    if value.physical.endswith("[]"):
        return _from_pairs(f"list_transform({value.sql}, lambda pair: {{'key': pair.key, 'value': CAST(pair.value AS VARCHAR)}})")
    plain = f"trim({_json_text(value)})"
    pairs = _from_pairs(f"from_json({_json_list(value)}, {quoted(_PAIRS)})")
    braced = f"CASE WHEN starts_with({plain}, '{{') THEN {plain} ELSE '{{' || {plain} || '}}' END"
    return (
        f"CASE WHEN coalesce({plain}, '') IN ('', '[]', '{{}}', 'null', 'NULL', 'N/A') THEN NULL WHEN starts_with({plain}, '[') "
        f"THEN {pairs} ELSE json_map({braced}) END"
    )


def _from_pairs(pairs: str) -> str:
    """A map of key-value pairs; of a key that occurs twice the first counts, since a MAP refuses the second."""
    keys = f"list_transform({pairs}, lambda pair: pair.key)"
    first = f"list_filter({pairs}, lambda pair, place: list_position({keys}, pair.key) = place)"
    return f"CASE WHEN len(list_distinct({keys})) = len({pairs}) THEN map_from_entries({pairs}) ELSE map_from_entries({first}) END"


def _json_text(value: Value) -> str:
    return value.sql if value.physical == "VARCHAR" else f"CAST({value.sql} AS VARCHAR)"


def _json_list(value: Value) -> str:
    """JSON of a list; Python's way of writing one is turned into it: quotes, None, True, False."""
    plain = _json_text(value)
    return f"CASE WHEN starts_with({plain}, '[{{''') THEN {_from_python(plain)} ELSE nullif({plain}, '') END"


def _from_python(plain: str) -> str:
    """Single-quoted strings get double quotes; double-quoted ones (`"it's"`) keep theirs. chr(1) stands for a quote on the way."""
    strings = quoted(r"""("(?:[^"\\]|\\.)*")|'((?:[^'\\]|\\.)*)'""")
    sql = f"regexp_replace({plain}, {strings}, '\\1' || chr(1) || '\\2' || chr(1), 'g')"
    sql = f"replace(replace({sql}, '\"' || chr(1) || chr(1), '\"'), chr(1), '\"')"
    for python, json in (("None", "null"), ("True", "true"), ("False", "false")):
        sql = f"replace({sql}, ': {python}', ': {json}')"
    return sql


def _object(value: Value) -> str:
    """JSON without blanks of a map, however it was delivered."""
    if value.physical in {"VARCHAR", "JSON"}:
        return f"CAST(json(nullif({_json_text(value)}, '')) AS VARCHAR)"
    return f"CAST(to_json({_as_map(value)}) AS VARCHAR)"


def _tidied(entries: str, column: Column) -> str:
    """A tag without value becomes 'true' where the column says so, else it stays empty."""
    if column.valueless == "drop":
        return entries
    values = f"list_transform(map_values({entries}), lambda value: coalesce(nullif(value, ''), 'true'))"
    return f"map(map_keys({entries}), {values})"


def _renamed(key: str, column: Column) -> str:
    for old, new in column.rename.items():
        if key.startswith(old):
            return new + key[len(old) :]
    return key
