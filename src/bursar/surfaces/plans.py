"""Plans and savings as documents: what `plans` and `savings` answer, with a committed schema each."""

from collections.abc import Iterable

from bursar.actions.book import Entry
from bursar.domain.plans import Approval, Change
from bursar.domain.savings import UNPRICED, Saving
from bursar.surfaces.documents import Document, Listing


def plans(found: Iterable[Entry]) -> Listing:
    """`plans`: every plan with its approvals and its changes, in the order they are applied."""
    every = list(found)
    columns = ("digest", "playbook", "status", "maker", "made_at", "expires_at", "approvals", "saving_monthly", "currency", "changes")
    rows = [_row(entry) for entry in every]
    return Listing(document={"rows": [_plan(entry) for entry in every]}, columns=columns, rows=rows)


def savings(found: Iterable[Saving]) -> Listing:
    """`savings`: what each RFC promised a month and what it did; negative as it is."""
    columns = (
        "rfc", "title", "plan_digests", "status", "expected", "realised", "low", "high", "currency", "slo_verdict", "owner", "cash",
        "method", "start", "end",
    )  # fmt: skip
    told = [_saving(one) for one in found]
    flat = [[" ".join(cell) if isinstance(cell, list) else cell for cell in one.values()] for one in told]  # pyright: ignore[reportUnknownArgumentType]
    return Listing(document={"rows": told}, columns=columns, rows=flat)


def _row(entry: Entry) -> tuple[object, ...]:
    plan, saving = entry.plan, entry.plan.saving
    return (
        entry.digest, plan.playbook, entry.status, plan.maker, plan.made_at, plan.expires_at,
        " ".join(one.approver for one in entry.approvals if one.verdict == "approve"),
        saving.amount if saving else None, saving.currency if saving else None, len(plan.changes),
    )  # fmt: skip


def _plan(entry: Entry) -> Document:
    plan, saving = entry.plan, entry.plan.saving
    return {
        "digest": entry.digest,
        "playbook": plan.playbook,
        "tier": plan.tier,
        "status": entry.status,
        "maker": plan.maker,
        "made_at": plan.made_at,
        "expires_at": plan.expires_at,
        "undoes": plan.undoes,
        "limits": plan.limits.document(),
        "loosened": list(plan.limits.loosened()),
        "approvals": [_approval(one) for one in entry.approvals],
        "saving_monthly": saving.document() if saving else None,
        "changes": [_change(change, entry, position) for position, change in enumerate(plan.changes)],
    }


def _approval(one: Approval) -> Document:
    return {
        "approver": one.approver, "role": one.role, "verdict": one.verdict, "via": one.via, "reason": one.reason, "at": one.at,
        "expires_at": one.expires_at, "used_at": one.used_at,
    }  # fmt: skip


def _change(change: Change, entry: Entry, position: int) -> Document:
    made = entry.made.get(position)
    return {**change.document(), "state": made.state if made else None, "outcome": made.outcome if made else None}


def _saving(one: Saving) -> Document:
    realised, priced = one.realised, one.currency != UNPRICED
    measured = one.detail.get("measured")
    told: Document = dict(measured) if isinstance(measured, dict) else {}  # pyright: ignore[reportUnknownArgumentType]
    return {
        "rfc": one.rfc,
        "title": one.title,
        "plan_digests": list(one.plan_digests),
        "status": one.status,
        "expected": one.expected.amount if priced else None,
        "realised": realised.amount if realised else None,
        "low": realised.low if realised else None,
        "high": realised.high if realised else None,
        "currency": one.currency,
        "slo_verdict": one.slo_verdict,
        "owner": one.owner,
        "cash": told.get("cash"),
        "method": told.get("method"),
        "start": told.get("start"),
        "end": told.get("end"),
    }
