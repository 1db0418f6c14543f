"""Tags of one planned resource, from what Terraform knows before apply.

`tags_all` (with the provider's defaults) counts before `tags`; the others are added. null and empty are missing. A map that is not
known at all counts only where it can bring a tag: the provider has default tags, or the resource's own map is unknown too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from bursar.policies.planned import Taggable, Tags, Undecidable, clean, has_value

MERGED = ("tags_all", "effective_labels")
"""What a provider merges from the resource's own and its defaults."""

OWN = ("tags", "labels", "user_labels", "resource_labels", "freeform_tags")
"""What a resource itself says."""

NESTED = (("metadata", "labels"), ("settings", "user_labels"))
"""Blocks whose first element holds labels: Kubernetes objects, Cloud SQL."""

_BLOCKS = "tag"
_TOO_LARGE = 500


@dataclass(slots=True)
class _Found:
    known: dict[str, str] = field(default_factory=dict[str, str])
    unknown: set[str] = field(default_factory=set[str])
    open: bool = False
    seen: bool = False


def tags_of(change: Mapping[str, object], *, has_defaults: bool) -> tuple[Tags, Taggable]:
    """The tags of a resource change's `after`, and whether the resource can have any. Raises Undecidable for tags that are no texts."""
    after, unknown, secret = (_object(change.get(name)) for name in ("after", "after_unknown", "after_sensitive"))
    found = _Found()
    for name in OWN:
        if name in after or name in unknown:
            _take(found, after.get(name), unknown.get(name), secret=secret.get(name), told=True)
    for block, name in NESTED:
        if block not in after:
            continue
        inner = [_first(part.get(block)) for part in (after, unknown, secret)]
        _take(found, inner[0].get(name), inner[1].get(name), secret=inner[2].get(name), told=name in inner[0] or name in inner[1])
    own_is_open = found.open
    for name in MERGED:
        if name not in after and name not in unknown:
            continue
        whole = unknown.get(name)
        found.seen = True
        if whole is True:
            found.open |= has_defaults or own_is_open
        else:
            _take(found, after.get(name), whole, secret=secret.get(name), told=False)
    _take_blocks(found, after, unknown)
    known = {key: value for key, value in found.known.items() if key not in found.unknown}
    tags = Tags(known=known, unknown=frozenset(found.unknown), open=found.open)
    return tags, "yes" if found.seen else "no"


def _take(found: _Found, value: object, unknown: object, *, secret: object, told: bool) -> None:
    """One map of tags; a secret value is not known to anybody who reads the plan."""
    found.seen |= told
    if unknown is True or secret is True:
        found.open = True
        return
    if value is not None and not isinstance(value, dict):
        raise Undecidable("tags are a map of texts", cure=_CURE)
    for key, text in cast("Mapping[str, object]", value or {}).items():
        _keep(found, key, text)
    for part in (unknown, secret):
        for key, is_unknown in _object(part).items():
            if is_unknown is True:
                found.unknown.add(clean(key))


_CURE = "Make the plan again: terraform show -json plan.tfplan"


def _keep(found: _Found, key: str, value: object) -> None:
    """One tag with a value; numbers and truths as Terraform writes them as text."""
    if value is None:
        return
    if isinstance(value, bool):
        value = "true" if value else "false"
    if not isinstance(value, str | int) or len(key) > _TOO_LARGE:
        raise Undecidable(f"tag {clean(key)[:60]!r} has a value that is no text", cure=_CURE)
    text = clean(str(value))
    if has_value(text):
        found.known[clean(key)] = text


def _take_blocks(found: _Found, after: Mapping[str, object], unknown: Mapping[str, object]) -> None:
    """Auto scaling groups have one `tag` block per key; one that is not propagated at launch is not on what costs money."""
    if _BLOCKS not in after and _BLOCKS not in unknown:
        return
    found.seen = True
    if unknown.get(_BLOCKS) is True:
        found.open = True
        return
    hidden = _list(unknown.get(_BLOCKS))
    for index, block in enumerate(_list(after.get(_BLOCKS))):
        one = _object(block)
        doubt = _object(hidden[index] if index < len(hidden) else None)
        if doubt.get("key") is True:
            found.open = True
        elif one.get("propagate_at_launch") is not False and isinstance(one.get("key"), str):
            key = str(one["key"])
            if doubt.get("value") is True:
                found.unknown.add(clean(key))
            else:
                _keep(found, key, one.get("value"))


def _object(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _first(value: object) -> Mapping[str, object]:
    found = _list(value)
    return _object(found[0]) if found else {}
