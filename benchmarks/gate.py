"""The gate on a large plan: a warm engine's p95, and a cold start with the engine's included."""

import json
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from bursar.adapters.engines.opa import Opa
from bursar.bootstrap import rego
from bursar.lake.generations import Lake
from bursar.policies.budgets import NONE
from bursar.policies.gate import Gate
from bursar.policies.planned import Ownership
from bursar.store.database import open_store, sqlite_url

ROUNDS = 20
OWNERSHIP = Ownership(keys={"team": ("team",), "service": ("service",), "env": ("env",)})


def plan(resources: int) -> dict[str, object]:
    """A plan of so many machines, every tenth without an owner."""
    changes: list[dict[str, object]] = []
    for number in range(resources):
        tags = {"service": "web", "env": "prod", "cost-center": f"c{number % 40}", "name": f"vm-{number}"}
        tags |= {} if number % 10 == 0 else {"team": f"team-{number % 20}"}
        after = {
            "instance_type": "m5.large",
            "availability_zone": "us-east-1a",
            "ami": "ami-0123456789abcdef0",
            "tags": tags,
            "tags_all": tags,
        }
        change = {"actions": ["create"], "before": None, "after": after, "after_unknown": {"id": True, "arn": True}, "after_sensitive": {}}
        changes.append({
            "address": f"module.m{number % 50}.aws_instance.vm[{number}]",
            "mode": "managed",
            "type": "aws_instance",
            "name": "vm",
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": change,
        })  # fmt: skip
    return {"format_version": "1.2", "resource_changes": changes}


def lines() -> Iterator[str]:
    """Rows of the table of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for resources, aim in ((5000, "1.0 s"), (10_000, "2.0 s")):
            middle, late = _warm(place, resources)
            yield f"| gate, {resources:,} resources, warm, p95 of {ROUNDS} | **{late:.2f} s** | {aim} | median {middle:.2f} s |"
        for resources in (50, 5000):
            yield f"| gate, {resources:,} resources, engine started, median of 5 | **{_cold(place, resources):.2f} s** | 1.5 s | |"


def _warm(place: Path, resources: int) -> tuple[float, float]:
    """Median and p95."""
    path = _written(place, resources)
    gate = _gate(place)
    try:
        gate.decide(path)
        took = [_timed(gate, path) for _ in range(ROUNDS)]
    finally:
        gate.engine.close()
    return median(took), quantiles(took, n=20, method="inclusive")[-1]


def _cold(place: Path, resources: int) -> float:
    path = _written(place, resources)
    took: list[float] = []
    for _ in range(5):
        gate = _gate(place)
        took.append(_timed(gate, path))
        gate.engine.close()
    return sorted(took)[2]


def _timed(gate: Gate, path: Path) -> float:
    started = time.perf_counter()
    decision = gate.decide(path, env="prod")
    assert decision.answer == "deny", decision.reason
    return time.perf_counter() - started


def _written(place: Path, resources: int) -> Path:
    path = place / f"plan-{resources}.json"
    path.write_text(json.dumps(plan(resources)))
    return path


def _gate(place: Path) -> Gate:
    store = open_store(sqlite_url(place / "bursar.sqlite"))
    engine = Opa(library=rego(), run=place / "run", seconds=10)
    return Gate(
        engine=engine,
        store=store,
        lake=Lake(place / "lake", store),
        warehouse=None,  # type: ignore[arg-type] - nothing is published, so nothing is read
        clock=lambda: datetime.now(UTC).replace(microsecond=0),
        ownership=OWNERSHIP,
        budgets=NONE,
    )
