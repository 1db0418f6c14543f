"""The page about the API says what the API does, and its examples run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from click.testing import CliRunner
from fastapi.testclient import TestClient

from bursar.bootstrap import Options, open_bursar
from bursar.store.keys import ROLES
from bursar.surfaces.api.app import create_app
from bursar.surfaces.cli.main import cli

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "api.md").read_text()


def test_every_address_is_told() -> None:
    """Each path of the OpenAPI file stands on the page, and the page names no other."""
    listed = {path.removeprefix("/api/v1") for path in json.loads((DOCS / "api/openapi.json").read_text())["paths"]}
    listed -= {"/livez", "/readyz", "/startupz"}
    shown: set[str] = set()
    for row in re.findall(r"^\| (.*?) \|", PAGE.split("## Keys")[0], re.MULTILINE):
        found = re.findall(r"`(/[^`]*)`", row)
        base = found[0].rpartition("/")[0] if found else ""
        shown |= {name if name in listed or found.index(name) == 0 else f"{base}{name}" for name in found}
    generic = {re.sub(r"\{[a-z]+\}", "{}", path) for path in listed}
    assert {re.sub(r"\{[a-z]+\}", "{}", path) for path in shown} == generic


def test_every_role_is_told() -> None:
    """In the order of what they may."""
    assert re.findall(r"^\| (viewer|analyst|approver|operator|admin) \|", PAGE, re.MULTILINE) == list(ROLES)


def test_its_examples_run(tmp_path: Path) -> None:
    """Keys are made, listed and revoked as shown, and open what `curl` asks for."""
    said = ""
    for line in re.findall(r"^bursar (keys .*)$", PAGE, re.MULTILINE):
        words = shlex.split(line.replace("3f2a90c1d4e8", said.split("_")[2] if said else ""))
        done = CliRunner().invoke(cli, ["--home", str(tmp_path), *words])
        assert done.exit_code == 0, (line, done.output, done.exception)
        said = done.stdout.strip() if words[1] == "create" else said
        if words[1] == "list":
            app = open_bursar(Options(home=tmp_path))
            client = TestClient(create_app(app), headers={"Authorization": f"Bearer {said}"})
            (address,) = re.findall(r'^curl "http://127.0.0.1:8080(.*)"$', PAGE, re.MULTILINE)
            assert client.get(address).json()["why"].startswith("Nothing is published")
