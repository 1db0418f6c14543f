"""The one form of a JSON document: what is signed, chained, approved or sent once is compared by its digest."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

from bursar.domain.money import plain


def canonical(value: object) -> str:
    """JSON with one form only: sorted keys, NFC text, decimals as plain strings. Raises TypeError for floats and other types."""
    return json.dumps(_normal(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: object) -> str:
    """SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _normal(value: object) -> object:
    """A value reduced to what canonical JSON may hold; raises TypeError for floats and unknown types."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Mapping):
        return {unicodedata.normalize("NFC", str(key)): _normal(item) for key, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_normal(item) for item in cast("Sequence[object]", value)]
    raise TypeError(f"not canonical: {type(value).__name__}")
