"""Plans and manifests for tests, and the engine that judges them: the real one, always."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bursar.adapters.engines.opa import Opa
from bursar.bootstrap import rego
from bursar.policies.planned import Ownership

OWNERSHIP = Ownership(
    keys={"team": ("team", "owner", "squad"), "service": ("service", "app"), "env": ("env", "environment")},
    renamed={"env": {"production": "prod", "development": "dev"}},
)
TAGS = {"team": "core", "service": "web", "env": "prod"}

Plan = dict[str, Any]


def resource(
    address: str = "aws_instance.a",
    tags: Any = None,  # noqa: ANN401 - whatever stands in a plan
    *,
    actions: tuple[str, ...] = ("create",),
    after: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
    unknown: Mapping[str, Any] | None = None,
) -> Plan:
    """One resource change as Terraform writes it, with the same tags on `tags` and `tags_all`."""
    kind = address.rpartition(".")[0].rpartition(".")[2] or address
    attributes = {"instance_type": "m5.large", "availability_zone": "us-east-1a", "tags": tags, "tags_all": tags, **(after or {})}
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": address.rpartition(".")[2],
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": list(actions),
            "before": before,
            "after": None if actions == ("delete",) else attributes,
            "after_unknown": {"id": True, **(unknown or {})},
            "after_sensitive": {},
        },
    }


def plan(*resources: Plan, default_tags: bool = False, **more: Any) -> Plan:  # noqa: ANN401 - whatever stands in a plan
    """A plan of these changes."""
    expressions: Plan = {"default_tags": [{"tags": {"references": ["var.tags"]}}]} if default_tags else {}
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {}},
        "resource_changes": list(resources),
        "configuration": {"provider_config": {"aws": {"name": "aws", "expressions": expressions}}},
        **more,
    }


def written(path: Path, document: object) -> Path:
    """A file of this JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), "utf-8")
    return path


def binary() -> Path:
    """The engine's binary; without one the tests fail rather than skip."""
    found = Opa(library=rego(), run=Path()).binary()
    assert found, "OPA is missing: make opa"
    return found


DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {team: core, service: web, env: prod}
spec:
  template:
    metadata:
      labels: {team: core, service: web, env: prod}
    spec:
      containers:
        - name: app
          image: web:1
          resources: {requests: {cpu: 100m, memory: 64Mi}}
"""
