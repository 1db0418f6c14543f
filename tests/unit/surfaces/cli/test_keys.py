"""`bursar keys`: a key is shown once, listed without its secret, and ended."""

from __future__ import annotations

import csv
import io
import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from bursar.domain.errors import ConfigError
from bursar.surfaces.cli.main import cli


def say(home: Path, *words: str) -> Result:
    """A verb over a state folder."""
    return CliRunner().invoke(cli, ["--home", str(home), "keys", *words])


def test_a_key_is_shown_once(tmp_path: Path) -> None:
    """Its text alone goes to stdout; lists, in their three forms, tell everything but that."""
    assert "no key" in say(tmp_path, "list").stderr
    made = say(tmp_path, "create", "ana", "--role", "approver", "--scope", "Team = 'core'", "--expires", "90d", "--env", "test")
    assert made.exit_code == 0, made.output
    text = made.stdout.strip()
    assert text.startswith("bur_test_")
    assert "not shown again" in made.stderr
    say(tmp_path, "create", "ci", "--role", "viewer", "--expires", "never")
    told = say(tmp_path, "list", "--format", "json").stdout
    document = json.loads(told)
    jsonschema.Draft202012Validator(json.loads(files("bursar").joinpath("surfaces/schemas/keys.json").read_text())).validate(document)
    (row,) = [row for row in document["rows"] if row["name"] == "ana"]
    assert (row["id"], row["role"], row["scope"], row["status"]) == (text.split("_")[2], "approver", "team = 'core'", "active")
    forms = told + say(tmp_path, "list", "--format", "csv").stdout + say(tmp_path, "list", "--format", "table").stdout
    assert text.split("_", 3)[3] not in forms
    assert next(csv.reader(io.StringIO(say(tmp_path, "list", "--format", "csv").stdout)))[:3] == ["id", "name", "role"]
    assert "all rows" in say(tmp_path, "list", "--format", "table").stdout


def test_a_revoked_key_stays_in_the_list(tmp_path: Path) -> None:
    """Ended once; what there was is told for ever."""
    ident = say(tmp_path, "create", "ana", "--role", "viewer").stdout.split("_")[2]
    assert say(tmp_path, "revoke", ident).exit_code == 0
    assert [row["status"] for row in json.loads(say(tmp_path, "list", "--format", "json").stdout)["rows"]] == ["revoked"]
    assert isinstance(say(tmp_path, "revoke", ident).exception, ConfigError)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ana", "--role", "root"), "there is no role 'root'"),
        (("ana", "--role", "viewer", "--scope", "teem = 'a'"), "there is no column 'teem'"),
        (("ana", "--role", "viewer", "--expires", "soon"), "not a moment"),
        (("ana", "--role", "viewer", "--expires", "2020-01-01"), "would expire before"),
        (("", "--role", "viewer"), "no name for a key"),
    ],
)
def test_a_wrong_wish_makes_no_key(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    """Said with its cause."""
    done = say(tmp_path, "create", *words)
    assert isinstance(done.exception, ConfigError)
    assert says in done.exception.message
    assert json.loads(say(tmp_path, "list", "--format", "json").stdout)["rows"] == []
