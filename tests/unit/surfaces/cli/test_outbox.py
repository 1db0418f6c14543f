"""`bursar outbox` and `bursar audit`: what waits, what is dead and why, and what is proven."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from bursar.domain.errors import ConfigError, Refused
from bursar.store import outbox
from bursar.store.database import open_store, sqlite_url
from bursar.surfaces.cli.main import cli

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sa.Engine]:
    """A state folder's store with one message sent, one dead, one ready."""
    engine = open_store(sqlite_url(tmp_path / "bursar.sqlite"))
    with engine.begin() as connection:
        for key in ("sent", "dead", "ready"):
            payload = {"title": f"\x1b[2J{key}: 3 USD", "channel": "#finops"}
            outbox.put(connection, key=key, kind="slack:incident", payload=payload, now=NOW)
        for act in (
            lambda row: outbox.settle(connection, row, receipt={"ts": "1"}, now=NOW, adopted=False, actor="bursar"),
            lambda row: outbox.bury(connection, row, error="no channel #x (Invite the bot.)", now=NOW, actor="bursar"),
        ):
            assert act(outbox.claim(connection, ["slack"], now=NOW, pace=outbox.Pace()))
    yield engine
    engine.dispose()


def run(home: Path, *words: str) -> Result:
    """The command over this state folder."""
    return CliRunner().invoke(cli, ["--home", str(home), *words])


def schema(name: str) -> dict[str, Any]:
    """A committed schema, itself valid."""
    found: dict[str, Any] = json.loads(files("bursar").joinpath(f"surfaces/schemas/{name}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(found)
    return found


@pytest.mark.usefixtures("store")
def test_a_list_is_what_is_not_done_unless_asked(tmp_path: Path) -> None:
    """The dead with why; states by name; JSON by its schema; nothing that steers a terminal."""
    told = run(tmp_path, "outbox", "list")
    assert [word in told.stdout for word in ("dead", "ready", "Invite the bot", "\x1b", "sent:")] == [True, True, True, False, False]
    document = json.loads(run(tmp_path, "outbox", "list", "--state", "done", "--state", "dead", "--format", "json").stdout)
    jsonschema.Draft202012Validator(schema("outbox")).validate(document)
    assert [(row["key"], row["state"], row["channel"]) for row in document["rows"]] == [
        ("sent", "done", "#finops"),
        ("dead", "dead", "#finops"),
    ]
    lines = run(tmp_path, "outbox", "list", "--format", "csv").stdout.splitlines()
    assert lines[0].startswith("key,kind,state,attempts")
    assert len(lines) == 3


def test_an_empty_outbox_says_so(tmp_path: Path) -> None:
    """Nothing waits is an answer; as JSON it is an empty list."""
    assert "Nothing waits." in run(tmp_path, "outbox", "list").stderr
    assert json.loads(run(tmp_path, "outbox", "list", "--format", "json").stdout) == {"rows": []}


def test_a_dead_message_is_retried_by_name(store: sa.Engine, tmp_path: Path) -> None:
    """It is looked for first; what is not dead is not retried."""
    assert "dead is uncertain again" in run(tmp_path, "outbox", "retry", "dead").stderr
    with store.connect() as connection:
        row = outbox.get(connection, "dead")
    assert row
    assert (row.state, row.attempts, row.error) == ("uncertain", 0, None)
    assert isinstance(run(tmp_path, "outbox", "retry", "sent").exception, ConfigError)


@pytest.mark.usefixtures("store")
def test_a_whole_journal_is_said_to_be_whole(tmp_path: Path) -> None:
    """With its head, which is the next anchor."""
    told = run(tmp_path, "audit", "verify")
    assert (told.exit_code, told.stdout.splitlines()[0]) == (0, "2 entries, whole; 1 message sent, each in the journal.")
    document = json.loads(run(tmp_path, "audit", "verify", "--format", "json").stdout)
    jsonschema.Draft202012Validator(schema("audit")).validate(document)
    assert run(tmp_path, "audit", "verify", "--anchor", document["head"]).exit_code == 0


def test_an_edited_row_is_refused_by_name(store: sa.Engine, tmp_path: Path) -> None:
    """The guard says no, and which row it is."""
    with store.begin() as connection:
        connection.execute(sa.text("DROP TRIGGER journal_no_update"))
        connection.execute(sa.text("UPDATE journal SET actor = 'somebody' WHERE seq = 1"))
    told = run(tmp_path, "audit", "verify", "--format", "json")
    assert isinstance(told.exception, Refused)
    assert json.loads(told.stdout)["rows"][0]["row"] == "journal 1"
    assert "journal 1" in run(tmp_path, "audit", "verify").stdout
    assert run(tmp_path, "audit", "verify", "--format", "csv").stdout.startswith("row,problem")


@pytest.mark.parametrize("verb", [["outbox"], ["outbox", "list"], ["outbox", "retry"], ["audit"], ["audit", "verify"]])
def test_every_help_ends_with_an_example(verb: list[str], tmp_path: Path) -> None:
    """To copy."""
    assert "bursar " in run(tmp_path, *verb, "--help").stdout.partition("Example")[2]
