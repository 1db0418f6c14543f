"""`bursar costs`: the contract's rows, in three forms."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from bursar.bootstrap import Options, open_bursar
from bursar.domain.money import plain
from bursar.query.ask import ask
from bursar.query.question import read_query
from bursar.surfaces.api.app import create_app
from bursar.surfaces.cli.main import cli

Say = Callable[..., Any]
DIMENSIONS = ["team", "provider", "service_name", "sub_account_id", "region_id", "charge_category"]
FILTERS = ["", "provider = 'aws'", "region_id != 'region-1'", "team IN ('core', 'ml') OR resource_id IS NULL"]


def test_the_default_question_is_the_latest_bill(say: Say) -> None:
    """Without options: effective cost of the latest billing period, one row per currency, as the schema says."""
    document = json.loads(say("costs", "--format", "json").out)
    jsonschema.Draft202012Validator(json.loads(files("bursar").joinpath("surfaces/schemas/costs.json").read_text())).validate(document)
    assert (document["metric"], document["granularity"], document["period"], document["generation"]) == (
        "effective_cost",
        "month",
        "2026-07",
        2,
    )
    assert [row["currency"] for row in document["rows"]] == ["EUR", "USD"]


def test_table_and_csv_say_what_json_says(say: Say) -> None:
    """The forms differ in looks only; totals stand below the table, and messages never on stdout."""
    words = ("costs", "--group-by", "team", "--compare", "previous_period")
    told = json.loads(say(*words, "--format", "json").out)["rows"]
    assert list(csv.DictReader(io.StringIO(say(*words, "--format", "csv").out))) == told
    table = say(*words)
    assert len(table.out.splitlines()) == 1 + len(told) + 2
    assert "Generation 2" in table.err
    assert "Generation" not in table.out


def test_an_empty_answer_says_why_and_is_no_error(say: Say) -> None:
    """No rows: exit 0, the reason on stderr, and in the JSON document."""
    said = say("costs", "--window", "2030-01")
    assert (said.out, said.code) == ("", 0)
    assert "The data has charges from" in said.err
    assert "The data has charges from" in json.loads(say("costs", "--window", "2030-01", "--format", "json").out)["why"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--filter", "teem = 'a'"), "did you mean 'team'?"),
        (("--group-by", "temm"), "did you mean 'team'?"),
        (("--window", "soon"), "is not a window"),
        (("--period", "2026-7"), "is not a month"),
        (("--top", "x"), "top is a number"),
        (("--as-of", "soon"), "not a day"),
    ],
)
def test_a_wrong_question_exits_2_with_its_cure(say: Say, words: tuple[str, ...], says: str) -> None:
    """What cannot be asked is a usage error."""
    said = say("costs", *words)
    assert said.code == 2
    assert says in said.err


def test_as_of_tells_what_was_believed(say: Say) -> None:
    """On 5 July only June was published; before the first bill there is nothing."""
    then = json.loads(say("costs", "--as-of", "2026-07-05", "--format", "json").out)
    assert (then["generation"], then["period"]) == (1, "2026-06")
    early = say("costs", "--as-of", "2026-06-01", "--format", "json")
    assert (early.code, "nothing was published by 2026-06-01" in early.err) == (2, True)


def test_names_cannot_steer_the_terminal() -> None:
    """Control and direction signs of a name are not printed."""
    from bursar.surfaces.cli.render import printable  # noqa: PLC0415

    assert printable("a\x1b[31mb\u202ec\u200bd\n") == "a[31mbcd"


def test_every_surface_gives_the_same_decimals(home: Path) -> None:
    """Two hundred generated questions have the same answer from the catalogue, the API and the command line."""
    draw = random.Random(20260721)  # noqa: S311 - a fixed draw
    app = open_bursar(Options(home=home))
    client = TestClient(create_app(app))
    for index in range(200):
        parts = {
            "metric": draw.choice(["effective_cost", "billed_cost", "list_cost", "contracted_cost", "allocated_cost"]),
            "group_by": ",".join(draw.sample(DIMENSIONS, draw.randint(0, 3))),
            "granularity": draw.choice(["day", "week", "month", "total"]),
            **draw.choice([{}, {"window": "10d"}, {"period": "2026-06"}, {"window": "2026-06-10..2026-07-05"}]),
            "filter": draw.choice(FILTERS),
            "top": draw.choice(["", "2"]),
        }
        given = {name: text for name, text in parts.items() if text}
        rows = ask(read_query(given), generation=app.lake.head(), warehouse=app.warehouse).rows
        over_http = client.get("/api/v1/costs", params=given).json()["rows"]
        assert [(row["start"], row["currency"], row["value"]) for row in over_http] == [
            (str(row.start), row.currency, plain(row.value)) for row in rows
        ]
        if index % 20 == 0:
            words = [word for name, text in given.items() for word in (f"--{name.replace('_', '-')}", text)]
            said = CliRunner().invoke(cli, ["--home", str(home), "costs", *words, "--format", "json"])
            assert json.loads(said.stdout)["rows"] == over_http
