"""Terraform plan JSON (`terraform show -json`), format 1.x: what will be created, changed and deleted.

Source: developer.hashicorp.com/terraform/internals/json-format. A format nobody here knows is not guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import cast

from bursar.policies.iac.plan_tags import tags_of
from bursar.policies.planned import Action, Planned, Resource, Undecidable, clean

_ACTIONS: Mapping[tuple[str, ...], Action] = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
}
_QUIET = {("no-op",), ("read",), ("forget",)}
_INDEX = re.compile(r"\[[^\[\]]*\]")
_PROVIDERS = {"aws": "aws", "awscc": "aws", "google": "gcp", "google-beta": "gcp", "azurerm": "azure", "azapi": "azure", "oci": "oci"}
_DEFAULTS = ("default_tags", "default_labels")
_CURE = "Make it with: terraform show -json plan.tfplan > plan.json"


def looks_like_plan(document: object) -> bool:
    """Whether a JSON document means to be a plan."""
    return isinstance(document, Mapping) and (
        "resource_changes" in document or "planned_values" in document or "format_version" in document
    )


def read_plan(document: Mapping[str, object], *, file: str) -> Planned:
    """The resources of a plan. Raises Undecidable for a format that is not known, or a plan that is not whole."""
    version = document.get("format_version")
    if not isinstance(version, str) or not re.fullmatch(r"1\.\d+", version):
        raise Undecidable(f"{file}: plan format {str(version)[:20]!r} is not known here; 1.x is", cure=_CURE)
    if document.get("errored") is True:
        raise Undecidable(f"{file}: Terraform could not finish this plan", cure="Mend what terraform plan complains about.")
    changes = document.get("resource_changes", [])
    if not isinstance(changes, list):
        raise Undecidable(f"{file}: resource_changes is not a list", cure=_CURE)
    defaults = _Defaults(document)
    found = [resource for one in cast("list[object]", changes) for resource in _resource(one, defaults, file=file)]
    notes = ("Terraform says this plan is not complete.",) if document.get("complete") is False else ()
    return Planned(kind="plan", resources=tuple(found), notes=notes)


def _resource(one: object, defaults: _Defaults, *, file: str) -> Iterator[Resource]:
    """The managed resource a change is about, if it does anything."""
    if not isinstance(one, Mapping):
        raise Undecidable(f"{file}: a resource change is not an object", cure=_CURE)
    entry = cast("Mapping[str, object]", one)
    if entry.get("mode") == "data":
        return
    address, kind, change = entry.get("address"), entry.get("type"), entry.get("change")
    if not isinstance(address, str) or not isinstance(kind, str) or not isinstance(change, Mapping):
        raise Undecidable(f"{file}: a resource change lacks address, type or change", cure=_CURE)
    told = cast("Mapping[str, object]", change)
    actions = tuple(str(action) for action in cast("list[object]", told.get("actions") or []))
    if actions in _QUIET:
        return
    if actions not in _ACTIONS:
        raise Undecidable(f"{clean(address)}: action {' and '.join(actions)[:40] or 'none'} is not known here", cure=_CURE)
    yield _planned(entry, told, action=_ACTIONS[actions], defaults=defaults)


def _planned(entry: Mapping[str, object], change: Mapping[str, object], *, action: Action, defaults: _Defaults) -> Resource:
    name = str(entry.get("provider_name", "")).rpartition("/")[2]
    before, after = _object(change.get("before")), _object(change.get("after"))
    address = str(entry["address"])
    key = defaults.key_of(address, name)
    try:
        tags, taggable = tags_of(change, has_defaults=defaults.may_add(key, name))
    except Undecidable as error:
        error.message = f"{clean(address)}: {error.message}"
        raise
    return Resource(
        address=clean(address),
        type=clean(str(entry["type"])),
        provider=_PROVIDERS.get(name, clean(name)),
        action=action,
        tags=tags,
        taggable=taggable,
        region=_region(after or before) or defaults.region_of(key, name),
        before=before,
        after=after,
    )


def _region(values: Mapping[str, object]) -> str | None:
    """Where a resource lies, as its own attributes say it."""
    for name in ("region", "location"):
        if isinstance(values.get(name), str):
            return clean(str(values[name])).lower().replace(" ", "")
    zone = values.get("availability_zone", values.get("zone"))
    if not isinstance(zone, str):
        return None
    return clean(re.sub(r"(?<=\d)[a-z]$", "", zone) if "availability_zone" in values else zone.rpartition("-")[0])


class _Defaults:
    """Default tags and regions of the configured providers, and which of them a resource uses."""

    def __init__(self, document: Mapping[str, object]) -> None:
        configuration = _object(document.get("configuration"))
        self._providers = {key: _object(value) for key, value in _object(configuration.get("provider_config")).items()}
        self._keys: dict[str, str] = {}
        self._walk(_object(configuration.get("root_module")), "", 0)

    def _walk(self, module: Mapping[str, object], prefix: str, depth: int) -> None:
        if depth > 50:
            raise Undecidable("modules are nested more than fifty deep", cure=_CURE)
        for one in _objects(module.get("resources")):
            if isinstance(one.get("provider_config_key"), str):
                self._keys[f"{prefix}{one.get('address')}"] = str(one["provider_config_key"])
        for name, call in _object(module.get("module_calls")).items():
            self._walk(_object(_object(call).get("module")), f"{prefix}module.{name}.", depth + 1)

    def key_of(self, address: str, name: str) -> str | None:
        """The provider configuration of a resource: its own, alias included, else the only one of its provider."""
        key = self._keys.get(_INDEX.sub("", address))
        if key in self._providers:
            return key
        same = self._of(name)
        return same[0] if len(same) == 1 else None

    def may_add(self, key: str | None, name: str) -> bool:
        """Whether a resource may get tags by default; where its provider cannot be told, whether any of that name adds some."""
        keys = [key] if key else self._of(name)
        return any(default in self._expressions(one) for one in keys for default in _DEFAULTS)

    def region_of(self, key: str | None, name: str) -> str | None:
        """The region of a provider, where it is written as such."""
        keys = [key] if key else self._of(name)
        regions = {_object(self._expressions(one).get("region")).get("constant_value") for one in keys}
        found = regions.pop() if len(regions) == 1 else None
        return clean(found) if isinstance(found, str) else None

    def _of(self, name: str) -> list[str]:
        return [key for key, one in self._providers.items() if one.get("name", key.partition(".")[0]) == name]

    def _expressions(self, key: str) -> Mapping[str, object]:
        return _object(self._providers[key].get("expressions"))


def _object(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, object]]:
    return [_object(one) for one in cast("list[object]", value)] if isinstance(value, list) else []
