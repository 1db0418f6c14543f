from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from e2e.made import MadeHouse, application, make_house
from fastapi.testclient import TestClient

from bursar.store import schema

ML = "/anomalies/c0ffee000001"


def mark_of(text: str) -> str:
    """The mark of a page's form."""
    found = re.search(r'name="mark" value="([0-9a-f]+)"', text)
    return found[1] if found else ""


def answer(client: TestClient, path: str = ML, **fields: str) -> int:
    """Send the feedback form of a page as a browser would; the status."""
    given = {"mark": mark_of(client.get(path).text), **fields}
    return client.post(f"{path}/feedback", data=given, headers={"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"}).status_code


def status_of(house: MadeHouse, name: str) -> str:
    """An incident's status."""
    with house.store.connect() as connection:
        return connection.execute(sa.select(schema.incident.c.status).where(schema.incident.c.id == name)).scalar_one()


def test_the_list_says_who_how_much_since_when(client: TestClient) -> None:
    """The loudest open incident is the headline; each row has scope, severity, onset, expectation and excess."""
    text = client.get("/anomalies").text
    assert "ml · training · staging has cost 2,808 USD more than expected since 12 November; 2 more are open" in text
    for said in ("critical", "12 Nov", '<data value="708">', '<data value="2808">', "retracted", "planned"):
        assert said in text
    assert "ml, search and web are outside their band on 17 Nov" in text


def test_the_list_is_narrowed_and_leaves_as_a_file(client: TestClient) -> None:
    """Tabs narrow the list and its files alike; the heatmap's days leave as rows of their own."""
    assert "payments</a>" not in client.get("/anomalies?status=open").text.split('id="h-list"')[1]
    told = json.loads(client.get("/anomalies?status=open&format=json").text)["rows"]
    assert [row["status"] for row in told] == ["open"] * 3
    days = list(csv.DictReader(io.StringIO(client.get("/anomalies?format=csv&show=days").text)))
    assert len(days) == 28 * 8
    assert {row["excess"] for row in days if row["team"] == "ml" and row["day"] == "2026-11-12"} == {"483.16"}
    assert client.get("/anomalies?format=xml").status_code == 422


def test_one_anomaly_says_what_happened_and_why(client: TestClient) -> None:
    """The sentence, the figure's data and its table, the causes with money and share, the SQL and the command line."""
    text = client.get(ML).text
    assert "Google Cloud · Compute Engine · resource //compute/train-staging carries 94 % of it. It is 586 a day instead of 118." in text
    for said in (
        "+2,642",
        "94.1 %",
        "at least 100% of the expected and $250",
        "bursar anomalies show c0ffee000001",
        "bursar costs --granularity day",
    ):
        assert said in text
    assert "SELECT sum(effective_cost) AS actual FROM charge_daily WHERE day BETWEEN" in text
    data = json.loads(re.search(r'<script type="application/json" id="c-band">(.*?)</script>', text)[1])  # type: ignore[index]
    assert data["buckets"][data["onset"]] == "2026-11-12"
    assert len(data["actual"]) == len(data["lo"]) == len(data["buckets"]) == 35
    assert text.count('<tr class="hit">') == 6
    assert "Delete 3 disks in Google Cloud" in text


def test_hostile_scopes_and_causes_stay_text(client: TestClient) -> None:
    """A scope, a cause, an owner and a SQL text that look like markup are text on every page that shows them."""
    for path in ("/anomalies", "/anomalies/c0ffee000006"):
        text = client.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        shown = re.sub(r'="[^"]*"', "", text)
        assert "\u202e" not in re.sub(r"<pre.*?</pre>", "", shown, flags=re.DOTALL)


@pytest.mark.parametrize(("verdict", "status"), [("true", "open"), ("expected", "settled"), ("false", "closed"), ("planned", "closed")])
def test_feedback_is_taken_down_and_closes_what_it_closes(client: TestClient, house: MadeHouse, verdict: str, status: str) -> None:
    """Each verdict is kept with who gave it, in the journal too, and the incident stands as it says."""
    assert answer(client, verdict=verdict, first="2026-11-12", last="2026-12-01", note="a load test") == 303
    assert status_of(house, "c0ffee000001") == status
    text = client.get(ML).text
    assert "What was said of it" in text
    assert "karl" in text
    assert "“a load test”" in text
    assert ("12 Nov to 1 Dec" in text) == (verdict == "planned")
    with house.store.connect() as connection:
        kinds = connection.execute(sa.select(schema.journal.c.kind)).scalars().all()
    assert "incident.feedback" in kinds


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"verdict": "maybe"},
        {"verdict": "planned", "first": "2026-11-12", "last": "2026-11-01"},
        {"verdict": "planned", "first": "tomorrow", "last": ""},
        {"verdict": "true", "note": "x" * 401},
    ],
)
def test_wrong_feedback_is_said_and_kept_in_the_form(client: TestClient, house: MadeHouse, fields: dict[str, str]) -> None:
    """What cannot be meant is refused with what to do, nothing is written, and what was typed is still there."""
    given = {"mark": mark_of(client.get(ML).text), **fields}
    told = client.post(f"{ML}/feedback", data=given)
    assert told.status_code == 422
    assert 'role="alert"' in told.text
    assert fields.get("note", "") in told.text
    assert status_of(house, "c0ffee000001") == "open"


def test_a_form_of_another_site_changes_nothing(client: TestClient, house: MadeHouse) -> None:
    """Without the page's mark, with that of another page, from another origin or as JSON, feedback is refused."""
    mark, other = mark_of(client.get(ML).text), mark_of(client.get("/anomalies/c0ffee000002").text)
    wrong: list[tuple[dict[str, str], dict[str, str]]] = [
        ({}, {}),
        ({"mark": other}, {}),
        ({"mark": "ä"}, {}),
        ({"mark": mark}, {"Origin": "http://evil.example"}),
        ({"mark": mark}, {"Origin": "null"}),
        ({"mark": mark}, {"Sec-Fetch-Site": "cross-site"}),
        ({"mark": mark}, {"Sec-Fetch-Site": "same-site"}),
    ]
    for fields, headers in wrong:
        told = client.post(f"{ML}/feedback", data={"verdict": "false", **fields}, headers=headers)
        assert told.status_code == 409, (fields, headers)
        assert "Open the page again" in told.text
    assert client.post(f"{ML}/feedback", json={"verdict": "false", "mark": mark}).status_code == 409
    assert client.post(f"{ML}/feedback", data={"mark": mark, "verdict": "false", "note": "x" * 20_000}).status_code == 409
    assert status_of(house, "c0ffee000001") == "open"


def test_nobody_is_known_beyond_this_machine(house: MadeHouse) -> None:
    """A server that is reached by another name than this machine's takes no word from anybody."""
    away = TestClient(application(house), base_url="http://bursar.example", follow_redirects=False)
    told = away.post(f"{ML}/feedback", data={"mark": mark_of(away.get(ML).text), "verdict": "false"})
    assert told.status_code == 409
    assert "signs only on the machine the server runs on" in told.text


def test_an_unknown_anomaly_is_a_page(client: TestClient) -> None:
    """A wrong id answers 404 with the way back, whoever asks, and is shown as text."""
    for told in (client.get("/anomalies/%3Cscript%3E"), client.post("/anomalies/nothing/feedback", data={})):
        assert told.status_code in {404, 409}
        assert "<script>" not in told.text.replace("<script src", "").replace('<script type="application/json"', "")


def test_before_anything_was_scored_the_page_says_how(tmp_path: Path, house: MadeHouse) -> None:
    """Without a score file the list still stands and the way to one is said; without a bill, the way to the first."""
    for file in house.lake.root.glob("scores/*/*.parquet"):
        file.unlink()
    text = TestClient(application(house)).get("/anomalies").text
    assert "bursar detect" in text
    assert "ml · training · staging" in text
    (tmp_path / "empty").mkdir()
    empty = make_house(tmp_path / "empty", filled=False)
    assert "bursar ingest PATH" in TestClient(application(empty)).get("/anomalies").text


def test_with_no_incident_the_page_says_so(house: MadeHouse) -> None:
    """No anomaly is a sentence, not an empty table; Overview counts none."""
    with house.store.begin() as connection:
        connection.execute(schema.incident.delete())
    text = TestClient(application(house)).get("/anomalies").text
    assert "No anomaly was found" in text
    assert "Nothing was out of its band since detection began" in text
    assert '<thead><tr><th scope="col">Anomaly' not in text
