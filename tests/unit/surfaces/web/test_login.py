"""Pages once there are keys: signing in, who signs, signing out, and who sees none."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from e2e import decided
from e2e.made import MadeHouse
from fastapi.testclient import TestClient
from served import NOW, Served

from bursar.store import keys, schema
from bursar.surfaces.admission import Sessions
from bursar.surfaces.api.app import create_app
from bursar.surfaces.web import login
from bursar.surfaces.web.app import mount

PLAN = f"/plans/{decided.WAITS.digest[:12]}"
MARK = re.compile(r'name="mark" value="([0-9a-f]+)"')


@pytest.fixture
def served(house: MadeHouse) -> Served:
    """The made house with its project, as the server has it."""
    return Served(
        config=house.acting.config, store=house.store, lake=house.lake, warehouse=house.warehouse, clock=house.clock, acting=house.acting
    )  # fmt: skip


def browser(served: Served, *, scheme: str = "http", is_local: bool = True) -> TestClient:
    """A browser over API and pages behind one door, as `bursar serve` puts them."""
    api = create_app(served, acting=lambda: served.acting, is_local=is_local)
    api.include_router(login.routes())
    mount(api, served, served.acting)
    return TestClient(api, base_url=f"{scheme}://127.0.0.1", follow_redirects=False)


def sign_in(client: TestClient, key: str, **more: str) -> int:
    """Give a key on the page; the status."""
    mark = MARK.search(client.get("/login").text)
    assert mark
    return client.post("/login", data={"mark": mark[1], "key": key, **more}).status_code


def sign(client: TestClient, **more: str) -> int:
    """Approve the waiting plan as its page does."""
    page = client.get(PLAN)
    mark = MARK.search(page.text)
    assert mark, page.text[:2000]
    fields = {"mark": mark[1], "six": decided.WAITS.digest[:6], "reason": "seen with the team", "verdict": "approve", **more}
    return client.post(PLAN, data=fields).status_code


def signers(served: Served) -> list[tuple[str, str, str]]:
    """Who signed the waiting plan."""
    query = sa.select(schema.approval.c.approver, schema.approval.c.role, schema.approval.c.via)
    with served.store.connect() as connection:
        return [tuple(row) for row in connection.execute(query.where(schema.approval.c.plan_digest == decided.WAITS.digest))]


def test_without_keys_pages_are_as_they_were(served: Served) -> None:
    """The local user reads and signs, and `/login` says that nobody has to."""
    client = browser(served)
    assert client.get("/plans").status_code == 200
    assert "Nobody has to sign in" in client.get("/login").text
    assert sign(client) == 303
    assert signers(served) == [("karl", "admin", "web")]


def test_with_keys_every_page_asks_for_one(served: Served) -> None:
    """And leads back to where one wanted to go, on this site only; static files and the sign-in page are open."""
    served.key("admin")
    client = browser(served)
    for path in ("/", "/explore", "/anomalies", "/plans", PLAN, "/health", "/no-such", "/explore/values?dimension=team"):
        told = client.get(path)
        assert (told.status_code, told.headers["location"].partition("?")[0]) == (303, "/login"), path
    assert client.get("/plans?status=waiting").headers["location"] == "/login?next=%2Fplans%3Fstatus%3Dwaiting"
    assert client.post(PLAN, data={"verdict": "approve"}).status_code == 401
    assert client.get("/plans", headers={"Authorization": "Bearer x"}).status_code == 401
    assert client.get("/login").status_code == 200
    assert "no-store" in client.get("/login").headers["cache-control"]
    style = re.search(r'href="(/static/[^"]+app.css)"', client.get("/login").text)
    assert style
    assert client.get(style[1]).status_code == 200
    for back, to in (
        ("/plans?status=waiting", "/plans?status=waiting"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil", "/"),
    ):
        client.cookies.clear()
        key = served.key("viewer")
        mark = MARK.search(client.get("/login").text)
        assert mark
        assert client.post("/login", data={"mark": mark[1], "key": key, "next": back}).headers["location"] == to


def test_who_signs_is_the_key(served: Served) -> None:
    """By its name and role; nobody speaks for another, not on a simulated estate either."""
    client = browser(served)
    assert sign_in(client, served.key("approver", name="ana")) == 303
    page = client.get(PLAN).text
    assert "You sign as <b>ana</b>" in page
    assert '<a href="/login">ana</a>' in page
    assert 'name="as"' not in page
    assert sign(client, **{"as": "eve"}) == 303
    assert signers(served) == [("ana", "approver", "web")]


def test_a_role_that_may_not_sign_is_told(served: Served) -> None:
    """A viewer reads the plan and why they cannot sign it; their form changes nothing, nor does their answer to an anomaly."""
    client = browser(served)
    assert sign_in(client, served.key("viewer", name="vera")) == 303
    assert "role approver" in client.get(PLAN).text
    assert sign(client) == 409
    assert signers(served) == []
    mark = MARK.search(client.get("/anomalies/c0ffee000001").text)
    assert mark
    told = client.post("/anomalies/c0ffee000001/feedback", data={"mark": mark[1], "verdict": "false"})
    assert told.status_code == 409
    assert browser(served).post("/anomalies/c0ffee000001/feedback", data={"mark": mark[1], "verdict": "false"}).status_code == 401
    maker = browser(served)
    assert sign_in(maker, served.key("admin", name="planner")) == 303
    assert "Whoever makes a plan cannot approve it" in maker.get(PLAN).text
    assert sign(maker) == 409


def test_a_key_with_rows_sees_no_page(served: Served) -> None:
    """Pages show everything: such a key is told to use the API, and gets no session."""
    client = browser(served)
    text = served.key("admin", "team = 'ml'")
    assert sign_in(client, text) == 403
    assert client.cookies.get("bursar_session") is None
    told = client.get("/plans", headers={"Authorization": f"Bearer {text}"})
    assert (told.status_code, "use the API" in told.text) == (403, True)


def test_a_session_is_a_cookie_that_no_script_reads(served: Served) -> None:
    """HttpOnly, SameSite=Lax, bound to this host where TLS is; it never holds the key, and opens no address of the API."""
    text = served.key("admin")
    for scheme, name, secure in (("http", "bursar_session", False), ("https", "__Host-bursar", True)):
        client = browser(served, scheme=scheme)
        mark = MARK.search(client.get("/login").text)
        assert mark
        cookie = client.post("/login", data={"mark": mark[1], "key": text}).headers["set-cookie"]
        assert cookie.startswith(f"{name}=")
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
        assert ("Secure" in cookie) is secure
        assert text.split("_", 3)[3] not in cookie
        assert client.get("/plans").status_code == 200
        assert client.get("/api/v1/plans").status_code == 401


def test_a_session_ends(served: Served) -> None:
    """By signing out, for this browser and a copy of its cookie; with its key; and after eight hours."""
    text = served.key("admin")
    client = browser(served)
    assert sign_in(client, text) == 303
    copy = dict(client.cookies)
    page = client.get("/login").text
    assert "You are signed in" in page
    mark = MARK.search(page)
    assert mark
    assert client.post("/logout", data={"mark": "0" * 32}).status_code == 409
    assert client.post("/logout", data={"mark": mark[1]}).status_code == 303
    assert client.get("/plans").status_code == 303
    client.cookies.update(copy)
    assert client.get("/plans").status_code == 303
    client.cookies.clear()
    assert sign_in(client, text) == 303
    with served.store.begin() as connection:
        keys.revoke(connection, text.split("_")[2], actor="test", now=NOW)
    assert client.get("/plans").status_code == 303


def test_a_session_lasts_eight_hours(served: Served) -> None:
    """A working day, whatever the key's own end."""
    with served.store.begin() as connection:
        key, _ = keys.create(connection, keys.Wish(subject="ana", role="viewer"), actor="test", now=NOW)
    sessions = Sessions()
    token = sessions.open(key, now=NOW)
    assert sessions.key_of(token, now=NOW + timedelta(hours=8, seconds=-1)) == key.id
    assert sessions.key_of(token, now=NOW + timedelta(hours=8)) is None
    assert sessions.key_of(token[:-1], now=NOW) is None


def test_a_wrong_key_is_told_nothing(served: Served) -> None:
    """Wrong, expired and revoked read the same; a form of another site is not even looked at."""
    served.key("admin")
    client = browser(served)
    for wrong in ("", "bur_live_000000000000_x", "x" * 500):
        assert sign_in(client, wrong) == 401
    mark = MARK.search(client.get("/login").text)
    assert mark
    told = client.post("/login", data={"mark": mark[1], "key": served.key("admin")}, headers={"Sec-Fetch-Site": "cross-site"})
    assert told.status_code == 409
    assert "set-cookie" not in told.headers


def test_bound_elsewhere_pages_ask_for_a_key_from_the_start(served: Served) -> None:
    """Also while there is none: who made none is told how."""
    client = browser(served, is_local=False)
    assert client.get("/plans").status_code == 303
    page = client.get("/login").text
    assert "bursar keys create" in page


def test_no_spelling_of_an_address_goes_round_the_door(served: Served) -> None:
    """The door asks about the very path that is routed: not one in the host, behind an encoded sign, or below an open one."""
    client = browser(served, is_local=False)
    for path, host in (
        ("/api/v1/plans", "x/login?"), ("/plans", "x/login?"), ("/plans", "x/static/a/b#"), ("/login%3F/../plans", "x"), ("/static/a/b/c", "x"),
        ("/static/..%2fplans/x/y", "x"), ("/login/", "x"), ("//login", "x"), ("/%61pi/v1/plans", "x"), ("/livez/x", "x"),
    ):  # fmt: skip
        told = client.get(path, headers={"Host": host})
        assert told.status_code in {303, 307, 400, 401, 404}, path
        assert "generation" not in told.text, path
        assert "digest" not in told.text, path
