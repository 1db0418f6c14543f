"""What was planted in a simulated estate is found, told to its owner, and explained; what was left alone is left alone."""

from __future__ import annotations

import json
import shlex
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.acceptance.conftest import House, once

FIRST = "2025-01"
MONTHS = "3"


@pytest.fixture(scope="session")
def detected(session_folder: Path) -> House:
    """Three months of two clouds with their planted events, published and scored; made once a run."""
    with once(session_folder, "detected") as place:
        if place:
            place.mkdir()
            house = House(project=place)
            house.run("-q", "simulate", "--out", "bills", "--rows", "1500", "--months", MONTHS, "--clouds", "aws,gcp", "--from", FIRST)
            house.run("ingest", "bills")
            house.run("detect")
    return House(project=session_folder / "detected")


@pytest.fixture
def taught(detected: House, tmp_path: Path) -> House:
    """A copy to give feedback in."""
    return detected.copy(tmp_path / "taught")


def events(house: House) -> dict[str, dict[str, Any]]:
    """The planted events by kind."""
    return {one["kind"]: one for one in json.loads((house.project / "bills" / "truth.json").read_text())["events"]}


def incidents(house: House, *more: str) -> list[dict[str, Any]]:
    """What `bursar anomalies list` says."""
    return house.run("anomalies", "list", "--format", "json", *more).json["rows"]


def about(house: House, event: dict[str, Any]) -> dict[str, Any]:
    """The one incident of a planted event, by its owner's scope."""
    scope = {name: event[name] for name in ("team", "service", "env")}
    (found,) = [one for one in incidents(house) if one["scope"] == scope and one["onset"] >= event["first_day"]]
    return found


def is_valid(document: object, name: str) -> None:
    """Hold a document against its committed schema."""
    schema = json.loads(files("bursar").joinpath(f"surfaces/schemas/{name}.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)


def test_the_planted_spike_is_found_with_its_owner_and_cause(detected: House) -> None:
    """A quarter more on one day: one incident, on that day, of that team, at least S3, by the resource that did it."""
    event = events(detected)["spike"]
    found = about(detected, event)
    assert (found["onset"], found["last_day"], found["direction"], found["owner"]) == (
        event["first_day"],
        event["first_day"],
        "up",
        event["team"],
    )
    assert found["severity"] <= "S3"
    assert Decimal(found["excess"]) == pytest.approx(Decimal(event["excess"]), rel=Decimal("0.2"))
    assert found["causes"][0]["scope"].get("resource_id") in event["resources"]
    assert Decimal(found["causes"][0]["share"]) > Decimal("0.9")


def test_the_planted_level_shift_settles(detected: House) -> None:
    """Forty per cent more from a day on: found that day, believed on the fourth."""
    event = events(detected)["level_shift"]
    found = about(detected, event)
    assert (found["onset"], found["status"], found["owner"]) == (event["first_day"], "settled", event["team"])


def test_a_launch_and_a_burst_are_found(detected: House) -> None:
    """What began unannounced, and three days at six times the usual."""
    for kind in ("new_service", "egress", "left_behind"):
        event = events(detected)[kind]
        assert about(detected, event)["onset"] == event["first_day"]


def test_quiet_series_stay_quiet(detected: House) -> None:
    """Teams and services to which nothing happened have no incident worth a message."""
    touched = {(one["team"], one["service"]) for one in events(detected).values()}
    loud = [one for one in incidents(detected) if one["severity"] <= "S3" and one["direction"] == "up"]
    owned = [one for one in loud if "team" in one["scope"]]
    assert {(one["scope"]["team"], one["scope"].get("service")) for one in owned} <= touched


def test_the_evidence_is_the_bill(detected: House) -> None:
    """The command an incident ends with gives its actual on its days, to the last digit."""
    found = about(detected, events(detected)["spike"])
    shown = detected.run(
        "costs",
        "--granularity",
        "day",
        "--window",
        f"{found['onset']}..{following(found['last_day'])}",
        *filter_of(found),
        "--format",
        "json",
    )
    assert sum(Decimal(row["value"]) for row in shown.json["rows"]) == Decimal(found["actual"])
    assert found["evidence_sql"].startswith("SELECT sum(effective_cost)")


def filter_of(found: dict[str, Any]) -> list[str]:
    """The filter of an incident's command line."""
    words = shlex.split(found["command"])
    return words[words.index("--filter") : words.index("--filter") + 2]


def following(day: str) -> str:
    """The next day."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def test_documents_are_as_their_schemas_say(detected: House) -> None:
    """List, one incident, detection and forecast keep the shapes scripts rely on."""
    rows = detected.run("anomalies", "list", "--format", "json").json
    is_valid(rows, "anomalies")
    is_valid(detected.run("anomalies", "show", rows["rows"][0]["id"], "--format", "json").json, "anomaly")
    is_valid(detected.run("forecast", "--format", "json").json, "forecast")
    is_valid(detected.run("forecast", "--scope", "team = 'ml'", "--format", "json").json, "forecast")
    is_valid(detected.run("detect", "--as-of", "2099-01-01", "--format", "json").json, "detect")


def test_detecting_twice_says_nothing_twice(taught: House) -> None:
    """The same generation again: nothing opened, nothing changed."""
    again = taught.run("detect", "--format", "json").json
    is_valid(again, "detect")
    assert [again[name] for name in ("opened", "updated", "closed", "settled", "retracted")] == [[]] * 5
    assert incidents(taught) == incidents(taught)


def test_an_incident_is_shown_to_people(detected: House) -> None:
    """What it cost, its days as a chart, why, and the command to see it, all on one screen."""
    event = events(detected)["spike"]
    shown = detected.run("anomalies", "show", about(detected, event)["id"][:6])
    assert "ml / training / prod" in shown.out
    assert "Owner: ml" in shown.out
    assert "█" in shown.out
    assert "See it:  bursar costs" in shown.out
    assert len(shown.out.splitlines()) <= 45


def test_feedback_is_taken_and_refused(taught: House) -> None:
    """A verdict is noted; an unknown incident, or a verdict that is none, is a misuse with a cure."""
    name = about(taught, events(taught)["spike"])["id"]
    assert "Noted" in taught.run("anomalies", "feedback", name, "false", "--note", "a training run").out
    assert "Cure" in taught.run("anomalies", "feedback", "nothing", "true", code=2).err
    assert "Cure" in taught.run("anomalies", "feedback", name, "maybe", code=2).err
    assert "Cure" in taught.run("anomalies", "show", "nothing", code=2).err
    assert taught.run("detect", "--format", "json").json["opened"] == []


def test_wrong_thresholds_stop_detection_and_nothing_else(taught: House) -> None:
    """A typing error is named; the bill is read as ever."""
    (taught.project / "bursar.yaml").write_text("version: 1\n")
    (taught.project / "thresholds.yaml").write_text("daily: {limits: 3}\n")
    assert "daily.limits" in taught.run("detect", code=2).err
    assert taught.run("costs", "--format", "json").json["rows"]


def test_nothing_published_is_no_error(tmp_path: Path) -> None:
    """Before the first bill there is nothing to detect, and how to begin is said."""
    house = House(project=tmp_path)
    assert "bursar ingest" in house.run("detect").err
    assert "bursar detect" in house.run("forecast").err
    assert house.run("anomalies", "list", "--format", "json").json == {"rows": []}
