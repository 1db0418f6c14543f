"""A decision as SARIF 2.1.0: code scanning keeps findings apart by what stays the same of them.

Source: OASIS SARIF 2.1.0; GitHub's "SARIF support for code scanning".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from bursar import __version__
from bursar.policies.decisions import Decision, fingerprint
from bursar.surfaces.gating.document import cure

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "bursar/v1"

_LEVELS = {"deny": "error", "warn": "warning"}
_SCORES = {"low": "2.0", "medium": "5.0", "high": "7.5", "critical": "9.5"}


def sarif(decision: Decision) -> dict[str, object]:
    """One run. What could not be decided is a failed invocation with its cause, so that nobody takes silence for consent."""
    rules: dict[str, dict[str, object]] = {}
    for one in (*decision.violations, *decision.excepted):
        rules.setdefault(str(one["id"]), _rule(one))
    order = list(rules)
    results = [_result(one, order, decision) for one in decision.violations]
    results += [{**_result(one, order, decision), "suppressions": [_suppression(one)]} for one in decision.excepted]
    notice = {"level": "error", "message": {"text": decision.reason}}
    run: dict[str, object] = {
        "tool": {"driver": {"name": "bursar", "version": __version__, "rules": list(rules.values())}},
        "invocations": [
            {
                "executionSuccessful": decision.answer != "undecided",
                "toolExecutionNotifications": [notice] if decision.reason else [],
            }
        ],
        "results": results,
        "properties": {"decision": decision.answer, "decision_id": decision.id, "policy_digest": decision.policy_digest},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(one: Mapping[str, object]) -> dict[str, object]:
    severity = str(one["severity"])
    return {
        "id": str(one["id"]),
        "name": str(one["id"]).replace("-", ""),
        "shortDescription": {"text": str(one.get("rule") or one["id"])},
        "help": {"text": f"docs/policies.md#{str(one['id']).lower()}"},
        "properties": {"security-severity": _SCORES.get(severity, "9.5"), "tags": ["finops", severity]},
    }


def _result(one: Mapping[str, object], order: list[str], decision: Decision) -> dict[str, object]:
    told = cast("Mapping[str, object] | None", one.get("location")) or dict[str, object]()
    line = told.get("line")
    return {
        "ruleId": str(one["id"]),
        "ruleIndex": order.index(str(one["id"])),
        "level": _LEVELS.get(str(one.get("level", "warn")), "error"),
        "message": {"text": f"{one['resource']}: {one['message']}. {cure(one)}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(str(told.get("file") or decision.subject))},
                    "region": {"startLine": line if isinstance(line, int) and line > 0 else 1},
                },
                "logicalLocations": [{"fullyQualifiedName": str(one["resource"]), "kind": "resource"}],
            }
        ],
        "partialFingerprints": {FINGERPRINT: fingerprint(one)},
        "properties": {"key": str(one["key"]), "unknown": bool(one.get("unknown"))},
    }


def _suppression(one: Mapping[str, object]) -> dict[str, object]:
    names = ", ".join(str(name) for name in cast("list[object]", one.get("exceptions") or []))
    return {"kind": "external", "status": "accepted", "justification": f"exception {names}"}


def _uri(path: str) -> str:
    """A relative URI; signs that mean something in one are written as their bytes."""
    from urllib.parse import quote  # noqa: PLC0415 - only here

    return quote(path.lstrip("/"), safe="/._-~") or "change"
