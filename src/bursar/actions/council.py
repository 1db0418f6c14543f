"""Who and what decides about a plan now: approvers, policy, exceptions, freezes, by bursar.yaml as it is read at that moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bursar.actions.door import APPROVERS, Freeze, no_engine
from bursar.actions.exceptions import FILE, exceptions, keeper
from bursar.actions.playbooks.playbook import Excepted
from bursar.config import Config
from bursar.domain.errors import PolicyDenied
from bursar.domain.plans import Approval, Plan
from bursar.ports import Clock, PolicyEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class Council:
    """One reading of the configuration, and whom it asks. Without an `engine` nothing is allowed."""

    config: Config
    store: sa.Engine
    clock: Clock
    engine: PolicyEngine | None

    def keeper(self) -> Excepted:
        """Whether an exception keeps a resource as it is. Raises ConfigError for a file that cannot be read."""
        with self.store.connect().execution_options(read_only=True) as connection:
            return keeper(connection, file=self.config.file(FILE), owners=self.config.owners, now=self.clock())

    def judge(self, document: Mapping[str, object]) -> Mapping[str, object]:
        """Ask the policy engine, with the exceptions its rules may excuse by. Raises PolicyDenied when there is no answer."""
        if self.engine is None:
            return no_engine(document)
        with self.store.connect().execution_options(read_only=True) as connection:
            known = exceptions(connection, file=self.config.file(FILE), owners=self.config.owners, now=self.clock())
        try:
            said = self.engine.evaluate("remediation", {**document, "exceptions": known})
        finally:
            self.engine.close()
        if said.reason:
            raise PolicyDenied(f"no policy answered ({said.reason}): {said.detail}", cure="Look at it with: bursar policy test")
        return {"allow": said.allow, "violations": said.violations}

    def policies(self) -> str:
        """The digest of the rules as they are; empty where no engine answers. What counts is what they say when a plan is applied."""
        if self.engine is None:
            return ""
        try:
            return self.engine.evaluate("remediation", {}).policy_digest
        finally:
            self.engine.close()

    def freezes(self) -> list[Freeze]:
        """The days on which nothing is applied."""
        return [Freeze(first=one.first, last=one.last, reason=one.reason) for one in self.config.freezes]

    def may_approve(self, given: Approval, plan: Plan) -> bool:
        """A role that may, and where the owning teams name approvers, one of them; administrators always."""
        listed = {name for named in self._approvers(plan).values() for name in named}
        return given.role in APPROVERS and (not listed or given.role == "admin" or given.approver in listed)

    def unheard(self, plan: Plan, good: Sequence[Approval]) -> list[str]:
        """The owners that name approvers, none of whom agreed. An administrator speaks for all."""
        if any(one.role == "admin" for one in good):
            return []
        said = {one.approver for one in good}
        return sorted(owner for owner, named in self._approvers(plan).items() if not said & set(named))

    def _approvers(self, plan: Plan) -> dict[str, tuple[str, ...]]:
        """Whom the owners of what a plan changes name."""
        owners = {one.owner for one in plan.changes if one.owner in self.config.owners}
        return {owner: named for owner in owners if owner and (named := self.config.owners[owner].approvers)}
