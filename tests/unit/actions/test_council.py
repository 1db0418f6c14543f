"""Who decides about a plan: the approvers of the teams it touches."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

from bursar.actions.council import Council
from bursar.config import Config
from bursar.domain.plans import Approval, Plan
from bursar.store.database import open_store


def test_each_owner_that_names_approvers_has_a_word() -> None:
    """A plan over two teams needs one of each; an administrator speaks for all; a team that names nobody needs nobody."""
    config = Config.model_validate({"owners": {"search": {"approvers": ["ana"]}, "ml": {"approvers": ["ben"]}, "web": {}}})
    changes = [SimpleNamespace(owner=owner) for owner in ("search", "ml", "web", None)]
    council = Council(config=config, store=open_store("sqlite://"), clock=lambda: datetime(2026, 11, 1, tzinfo=UTC), engine=None)
    plan = cast("Plan", SimpleNamespace(changes=changes))

    def said(name: str, role: str = "approver") -> Approval:
        stamps = {"at": "2026-11-01T00:00:00Z", "expires_at": "2026-11-02T00:00:00Z"}
        return Approval(plan_digest="d", approver=name, role=role, verdict="approve", via="cli", reason="", **stamps)

    assert council.unheard(plan, [said("ana")]) == ["ml"]
    assert council.unheard(plan, [said("ana"), said("ben")]) == []
    assert council.unheard(plan, [said("root", "admin")]) == []
