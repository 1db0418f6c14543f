"""`plan`, `plans`, `approve`, `apply`, `undo`, `savings`, `stop`: the verbs of acting, as people and scripts call them."""

from __future__ import annotations

import getpass
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from unit.actions.world import disk, estate_file

from bursar import bootstrap
from bursar.adapters.clouds.simulated.control import SimulatedEstate
from bursar.bootstrap import Options, open_bursar
from bursar.domain.errors import BursarError
from bursar.ports import Verdict
from bursar.store import leases
from bursar.store.database import open_store, sqlite_url
from bursar.surfaces.cli.main import cli, exit_code


class Yes:
    """A policy engine that allows everything."""

    def evaluate(self, entrypoint: str, document: Mapping[str, object], *, seconds: float | None = None) -> Verdict:  # noqa: ARG002
        """Yes."""
        return Verdict(allow=True)

    def close(self) -> None:
        """Nothing was started."""


class Ticking:
    """A clock that is a second later at every look, so that pacing waits for nobody."""

    def __init__(self) -> None:
        self.now = bootstrap.utc_now()

    def __call__(self) -> datetime:
        """Now."""
        self.now += timedelta(seconds=1)
        return self.now


class Say:
    """The command line over one state folder; the policy engine says yes, and no second is waited."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        done = CliRunner().invoke(cli, ["--home", str(self.home), *words])
        if isinstance(done.exception, BursarError):
            return exit_code(done.exception), done.stdout, f"{done.exception.message}\n{done.exception.cure}"
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    def plans(self) -> list[Any]:
        """The rows of `plans list`, held to the committed schema."""
        document = json.loads(self("plans", "list", "--format", "json")[1])
        schema = json.loads(files("bursar").joinpath("surfaces/schemas/plans.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(document)
        return document["rows"]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Two idle disks among thirty, in development by nobody's word: production."""
    house = open_bursar(Options(home=tmp_path / "home"))
    estate = estate_file(tmp_path / "estate.json", [disk(number, attached=number >= 2) for number in range(30)])
    assert [one.outcome for one in house.ingest([estate]).outcomes] == ["published"]
    house.store.dispose()
    wired = bootstrap.act
    clock = Ticking()
    monkeypatch.setattr(bootstrap, "act", lambda app: replace(wired(app), engine=Yes(), pause=lambda _: None, clock=clock))
    return Say(tmp_path / "home")


def test_the_whole_way_by_the_command_line(say: Say) -> None:
    """Plan, refuse, approve twice, apply, refuse again, undo: exit codes and documents as the contract has them."""
    code, out, err = say("plan", "--playbook", "volumes_unattached")
    assert code == 0
    assert "- disk vol-000" in out
    assert "Proposed" in err
    row = say.plans()[0]
    digest = row["digest"]
    assert (row["status"], row["maker"], len(row["changes"])) == ("proposed", getpass.getuser(), 2)
    assert say("apply", digest)[0] == 1
    assert say("approve", digest, "--as", row["maker"])[0] == 1
    assert say("approve", digest)[0] == 1
    assert "1 of 2" in say("approve", digest, "--as", "second@acme.example")[1]
    assert "2 of 2" in say("approve", digest[:8], "--as", "third@acme.example")[1]
    code, out, _ = say("apply", digest[:8])
    assert (code, out.count("done"), f"Plan {digest[:12]} is applied" in out) == (0, 3, True)
    assert say("apply", digest)[0] == 1
    assert "+ disk vol-000" in say("undo", digest)[1]
    assert [(one["status"], one["undoes"]) for one in say.plans()] == [("proposed", digest), ("applied", None)]
    assert "[done]" in say("plans", "show", digest)[1]


def test_planning_again_plans_nothing_twice(say: Say) -> None:
    """What waits still waits under the same digest; what is approved is left to its plan."""
    say("plan")
    first = say.plans()
    assert "Still waits" in say("plan")[2]
    assert say.plans() == first
    for name in ("a@x", "b@x"):
        say("approve", first[0]["digest"], "--as", name)
    assert "Nothing to change" in say("plan")[2]


def test_a_newer_proposal_supersedes(say: Say) -> None:
    """One disk is attached meanwhile: the old proposal is closed, the new one is smaller."""
    say("plan")
    estate = SimulatedEstate(say.home / "estate.sqlite")
    with sqlite3.connect(estate.file) as connection:
        connection.execute("UPDATE resource SET state = json_set(state, '$.attached_to', 'i-9') WHERE id = 'vol-000'")
    connection.close()
    say("plan")
    assert sorted((one["status"], len(one["changes"])) for one in say.plans()) == [("proposed", 1), ("superseded", 2)]


def test_plans_are_written_as_their_canonical_bytes(say: Say, tmp_path: Path) -> None:
    """A line's SHA-256 is its digest."""
    say("plan", "--out", str(tmp_path / "plans.jsonl"))
    lines = (tmp_path / "plans.jsonl").read_bytes().splitlines()
    assert [sha256(line).hexdigest() for line in lines] == [one["digest"] for one in say.plans()]


def test_a_rejected_plan_is_closed(say: Say) -> None:
    """And says so."""
    say("plan")
    digest = say.plans()[0]["digest"]
    assert say("reject", digest, "--as", "ana@x", "--reason", "needed")[:2] == (0, f"Plan {digest[:12]} is rejected.\n")
    assert say("approve", digest, "--as", "bob@x")[0] == 1
    assert say.plans()[0]["approvals"][0]["reason"] == "needed"


def test_two_folders_on_one_database_do_not_apply_at_once(say: Say) -> None:
    """While another one applies nothing is changed here; when it has ended, the same command goes on."""
    say("plan")
    digest = say.plans()[0]["digest"]
    for name in ("a@x", "b@x"):
        say("approve", digest, "--as", name)
    store = open_store(sqlite_url(say.home / "bursar.sqlite"))
    with store.begin() as connection:
        fence = leases.acquire(connection, "apply", holder="elsewhere", now=bootstrap.utc_now(), seconds=6 * 3600)
    code, _, err = say("apply", digest)
    assert (code, "another state folder" in err, say.plans()[0]["status"]) == (4, True, "approved")
    with store.begin() as connection:
        leases.release(connection, "apply", fence=fence or 0)
    assert say("apply", digest)[0] == 0


def test_one_edited_plan_hides_no_other(say: Say) -> None:
    """It is named wherever plans are listed, cannot be applied, and planning goes on."""
    say("plan")
    digest = say.plans()[0]["digest"]
    with sqlite3.connect(say.home / "bursar.sqlite") as connection:
        connection.execute("UPDATE plan SET body = 'garbage'")
    code, _, err = say("plans", "list")
    assert (code, f"Plan {digest[:12]} was edited" in err) == (0, True)
    assert say("apply", digest)[0] == 1
    assert say("plan")[0] == 0
    assert len(say.plans()) == 1


def test_the_kill_switch(say: Say) -> None:
    """Stop refuses whoever applies with the reason, a file alone does too, resume lets go on."""
    say("plan")
    digest = say.plans()[0]["digest"]
    for name in ("a@x", "b@x"):
        say("approve", digest, "--as", name)
    assert say("stop", "--reason", "smoke")[0] == 0
    code, _, err = say("apply", digest)
    assert (code, "smoke" in err) == (1, True)
    assert say("resume")[1] == "Applying goes on.\n"
    assert say("resume")[1] == "Applying was not stopped.\n"
    (say.home / "STOP").touch()
    assert say("apply", digest)[0] == 1
    (say.home / "STOP").unlink()
    assert say("apply", digest)[0] == 0


def test_savings_are_told_by_their_schema(say: Say) -> None:
    """Before anything, and after a plan."""
    assert "Nothing was proposed" in say("savings")[2]
    say("plan")
    document = json.loads(say("savings", "--format", "json")[1])
    schema = json.loads(files("bursar").joinpath("surfaces/schemas/savings.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    assert [(one["status"], one["currency"], one["expected"]) for one in document["rows"]] == [("proposed", "XXX", None)]
    assert "RFC-" in say("savings")[1]
    assert say("savings", "--format", "csv")[1].splitlines()[0].startswith("rfc,title")


@pytest.mark.parametrize("words", [("plans", "show", "0" * 12), ("apply", "short"), ("plan", "--playbook", "nothing")])
def test_what_is_not_there_is_a_mistake_of_the_operator(say: Say, words: tuple[str, ...]) -> None:
    """Exit 2 with a cure."""
    code, _, err = say(*words)
    assert code == 2
    assert len(err.splitlines()) == 2


def test_plans_as_a_table_and_csv(say: Say) -> None:
    """The same rows for people and for spreadsheets."""
    assert "There is no plan" in say("plans", "list")[2]
    say("plan")
    digest = say.plans()[0]["digest"]
    assert digest[:12] in say("plans", "list")[1]
    assert digest in say("plans", "list", "--format", "csv")[1]
    assert digest in say("plans", "show", digest[:10], "--format", "csv")[1]
    assert json.loads(say("plans", "show", digest[:10], "--format", "json")[1])["rows"][0]["digest"] == digest
