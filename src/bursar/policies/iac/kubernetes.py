"""Kubernetes manifests, plain or rendered by Helm: several documents to a file, lists unfolded, labels instead of tags.

Pods carry the cost, so what a workload's pod template lacks is told. A template that is not rendered is not guessed at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import yaml

from bursar.policies.planned import Container, Planned, Resource, Tags, Undecidable, clean, has_value

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicaSet", "Pod", "ReplicationController"})
"""Kinds that run pods."""

COSTING = WORKLOADS | {"PersistentVolumeClaim"}
"""Kinds somebody pays for, and so somebody must own; a Service only where it orders a load balancer."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DOCUMENTS = 20_000
_MAX_DEPTH = 5


def read_manifests(text: str, *, file: str) -> Planned:
    """The objects of a manifest. Raises Undecidable for YAML that does not parse or documents that are no Kubernetes objects."""
    try:
        documents = [one for one in yaml.load_all(text, Loader=_LOADER) if one is not None]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        rendered = " Templates must be rendered: helm template." if "{{" in text else ""
        raise Undecidable(f"{file}{where}: not valid YAML.{rendered}", cure="Check the file, or render it first.") from error
    found = [resource for one in documents for resource in _objects(one, file=file, depth=0)]
    return Planned(kind="kubernetes", resources=tuple(found))


def _objects(document: object, *, file: str, depth: int) -> Iterator[Resource]:
    """One document's objects, those of a List each."""
    entry = _object(document)
    if not isinstance(entry.get("kind"), str) or not isinstance(entry.get("apiVersion"), str):
        raise Undecidable(f"{file}: a document has no apiVersion and kind", cure="Give Kubernetes manifests or a Terraform plan.")
    items = entry.get("items")
    if str(entry["kind"]).endswith("List") and isinstance(items, list):
        several = cast("list[object]", items)
        if depth >= _MAX_DEPTH or len(several) > _MAX_DOCUMENTS:
            raise Undecidable(f"{file}: a List within Lists, or too long", cure="Split it.")
        for one in several:
            yield from _objects(one, file=file, depth=depth + 1)
        return
    yield _resource(entry, file=file)


def _resource(entry: Mapping[str, object], *, file: str) -> Resource:
    kind = str(entry["kind"])
    metadata = _object(entry.get("metadata"))
    name = metadata.get("name") or metadata.get("generateName")
    if not isinstance(name, str):
        raise Undecidable(f"{file}: a {clean(kind)[:60]} has no name", cure="Name it.")
    namespace = metadata.get("namespace")
    labels = _labels(metadata, where=f"{kind}/{name}")
    template = _template(entry)
    carried = _labels(_object(template.get("metadata")), where=f"{kind}/{name}")
    is_pod = kind == "Pod"
    return Resource(
        address=clean(f"{kind}/{namespace}/{name}" if isinstance(namespace, str) else f"{kind}/{name}"),
        type=clean(kind),
        provider="kubernetes",
        action="create",
        tags=Tags(known={**carried, **labels}),
        taggable="yes" if kind in COSTING or _orders_balancer(entry) else "no",
        after=_object(entry.get("spec")),
        containers=tuple(_containers(_object(entry.get("spec")) if is_pod else _object(template.get("spec")))),
        lost_labels=tuple(sorted(labels.keys() - carried.keys())) if kind in WORKLOADS and not is_pod else (),
        file=clean(file),
    )


def _orders_balancer(entry: Mapping[str, object]) -> bool:
    return entry["kind"] == "Service" and _object(entry.get("spec")).get("type") == "LoadBalancer"


def _template(entry: Mapping[str, object]) -> Mapping[str, object]:
    """The pod template of a workload, wherever its kind keeps it."""
    spec = _object(entry.get("spec"))
    if entry["kind"] == "CronJob":
        spec = _object(_object(spec.get("jobTemplate")).get("spec"))
    return _object(spec.get("template")) if entry["kind"] in WORKLOADS else {}


def _labels(metadata: Mapping[str, object], *, where: str) -> dict[str, str]:
    """Labels with a value. YAML's numbers and truths are what Kubernetes refuses, and no owner."""
    found: dict[str, str] = {}
    labels = metadata.get("labels")
    if labels is not None and not isinstance(labels, Mapping):
        raise Undecidable(f"{clean(where)}: labels are a map of texts", cure="Write labels as key: value.")
    for key, value in cast("Mapping[object, object]", labels or {}).items():
        if isinstance(value, Mapping | list):
            raise Undecidable(f"{clean(where)}: label {clean(str(key))[:60]!r} is no text", cure="Write labels as key: value.")
        if isinstance(value, str) and has_value(value):
            found[clean(str(key))] = clean(value)
    return found


def _containers(spec: Mapping[str, object]) -> Iterator[Container]:
    """Containers that run with the pod; those that only prepare it ask for nothing lasting."""
    for one in cast("list[object]", spec.get("containers") or []) if isinstance(spec.get("containers"), list) else []:
        container = _object(one)
        requests = _object(_object(container.get("resources")).get("requests"))
        limits = _object(_object(container.get("resources")).get("limits"))
        asked = sorted(name for name in ("cpu", "memory") if requests.get(name) or limits.get(name))
        yield Container(name=clean(str(container.get("name", ""))), requests=tuple(asked))


def _object(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
