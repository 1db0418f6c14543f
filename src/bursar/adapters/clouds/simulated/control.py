"""The control planes of a simulated estate: one SQLite file, changed in transactions, the same answer for the same token.

It behaves as clouds do where that can hurt: reads that lag behind, snapshots that take their time, answers that are lost
before or after the effect. `Faults` turns these on.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

from bursar.adapters.clouds.simulated.control_changes import VERBS, answer_of, check, snapshot
from bursar.adapters.clouds.simulated.control_file import past_of, read_estate, replace_estate
from bursar.adapters.clouds.simulated.control_rows import now_of, opened, put, resource_of, rows_of, stamp_of, state_of
from bursar.domain.canonical import digest
from bursar.domain.errors import BillError, Unavailable
from bursar.domain.estates import Answer, Observed, Resource, State
from bursar.domain.plans import Change


@dataclass(slots=True, kw_only=True)
class Faults:
    """What goes wrong, for tests. `lag`: so many observations after a change still show what was before it.

    `polls`: so often a snapshot is asked for until it is complete. `script`: what happens to the next calls of execute, in
    order: `lost` (no answer, no effect), `late` (no answer, but the effect), `error` (the provider refuses), or `ok`.
    """

    lag: int = 0
    polls: int = 0
    script: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class SimulatedEstate:
    """The port `Estate` over a file. Its clock is the estate's own: midnight after the last simulated day."""

    file: Path
    faults: Faults = field(default_factory=Faults)
    _lagging: dict[str, tuple[int, State | None]] = field(default_factory=dict[str, tuple[int, State | None]])
    _asked: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def is_simulated(self) -> bool:
        """Always: nothing real stands behind it."""
        return True

    def survey(self, kind: str) -> Sequence[Observed]:
        """Every resource of the kind that is there, by provider and id."""
        with opened(self.file) as connection:
            rows = rows_of(connection, "SELECT * FROM resource WHERE kind = ? AND gone_at IS NULL ORDER BY provider, id", kind)
            now = now_of(connection)
        return [self._seen(resource_of(row), state_of(row), at=now) for row in rows]

    def observe(self, resource: Resource) -> Observed:
        """One resource now, and the receipts of what was done to it."""
        with opened(self.file) as connection:
            rows = rows_of(connection, "SELECT * FROM resource WHERE provider = ? AND id = ?", resource.provider, resource.id)
            calls = rows_of(
                connection, "SELECT * FROM call WHERE provider = ? AND resource = ? AND state = 'done'", resource.provider, resource.id
            )
            now = now_of(connection)
        state = state_of(rows[0]) if rows and not rows[0]["gone_at"] else None
        receipts = {str(row["token"]): cast("State", {**json.loads(str(row["detail"])), "at": row["at"]}) for row in calls}
        return self._seen(resource, state, at=now, receipts=receipts)

    def execute(self, change: Change, token: str) -> Answer:
        """Carry a change out, once for each token."""
        fault = self.faults.script.pop(0) if self.faults.script else "ok"
        if fault == "lost":
            raise Unavailable("the control plane did not answer")
        if fault == "error":
            with opened(self.file) as connection:
                return Answer(state="failed", at=now_of(connection), detail={"error": "the provider refused: InternalFailure"})
        answer = self._carried_out(change, token)
        if fault == "late":
            raise Unavailable("the control plane's answer did not arrive")
        return answer

    def price(self, resource: Resource) -> tuple[str, str] | None:
        """A month of the resource as the estate's price list has it: amount and currency; None where it has none."""
        with opened(self.file) as connection:
            rows = rows_of(connection, "SELECT price FROM resource WHERE provider = ? AND id = ?", resource.provider, resource.id)
        told = json.loads(str(rows[0]["price"])) if rows and rows[0]["price"] else None
        return (told["amount"], told["currency"]) if told else None

    def take(self, file: Path) -> str:
        """Take an estate's file in: published, unchanged (the same again), or recorded (older than what is known).

        What is there and not in the file is gone; what was deleted and is in the file is there again. Raises BillError for a
        file that is none, or is another estate's.
        """
        told = read_estate(file)
        mark = digest(told)
        with opened(self.file) as connection:
            known = rows_of(connection, "SELECT * FROM clock")
            if known and known[0]["seed"] != told["seed"]:
                raise BillError(
                    f"{file.name}: another estate (seed {told['seed']}); this state folder holds seed {known[0]['seed']}",
                    cure="Ingest it into another --home.",
                )
            if known and known[0]["digest"] == mark:
                return "unchanged"
            if known and str(known[0]["as_of"]) >= str(told["as_of"]):
                return "recorded"
            replace_estate(connection, told, mark)
        return "published"

    def adopt(self, file: Path) -> tuple[str, list[Observed]]:
        """Take a file in, and give what it says was seen on earlier days: nothing of one that is older than what is known."""
        became = self.take(file)
        told = cast("list[dict[str, object]]", read_estate(file)["resources"])
        return became, [] if became == "recorded" else [seen for one in told for seen in past_of(one)]

    def _seen(self, resource: Resource, state: State | None, *, at: datetime, receipts: Mapping[str, State] | None = None) -> Observed:
        left, before = self._lagging.get(resource.id, (0, None))
        if left:
            self._lagging[resource.id] = (left - 1, before)
            return Observed(resource=resource, at=at, state=before)
        return Observed(resource=resource, at=at, state=state, receipts=receipts or {})

    def _carried_out(self, change: Change, token: str) -> Answer:
        with opened(self.file) as connection:
            known = rows_of(connection, "SELECT * FROM call WHERE token = ?", token)
            if not known:
                self._begin(connection, change, token)
                known = rows_of(connection, "SELECT * FROM call WHERE token = ?", token)
        if known[0]["state"] == "done":
            return answer_of(known[0])
        if self._asked.get(token, 0) < self.faults.polls:
            self._asked[token] = self._asked.get(token, 0) + 1
            with opened(self.file) as connection:
                return Answer(state="pending", at=now_of(connection), detail=json.loads(str(known[0]["detail"])))
        with opened(self.file) as connection:
            answer = VERBS[change.verb](connection, change, token)
        if self.faults.lag:
            self._lagging[change.resource.id] = (self.faults.lag, change.before)
        return answer

    def _begin(self, connection: sqlite3.Connection, change: Change, token: str) -> None:
        """Check the provider's own conditions and, where one is asked for, start the snapshot; in one transaction."""
        check(connection, change)
        detail: dict[str, object] = {}
        if change.params.get("snapshot") == "required":
            detail["snapshot"] = snapshot(connection, change, token)
        put(
            connection,
            "call",
            token=token,
            provider=change.resource.provider,
            resource=change.resource.id,
            verb=change.verb,
            state="begun",
            detail=json.dumps(detail),
            at=stamp_of(connection),
        )
