"""The policy engine's contract: whatever breaks, nothing is allowed, and the reason has a name."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from planned_changes import binary

from bursar.adapters.engines.opa import Opa
from bursar.bootstrap import rego
from bursar.ports import Verdict

Given = dict[str, Any]
Broken = Callable[[Path], Opa]

GOOD = json.loads((rego() / "canaries" / "gate.json").read_text())
GOOD["resources"][0]["owners"]["team"] = {"state": "present", "key": "team", "value": "core"}
UNTAGGED = json.loads((rego() / "canaries" / "gate.json").read_text())

INPUTS: dict[str, Given] = {
    "compliant": GOOD,
    "untagged": UNTAGGED,
    "nothing planned": {**GOOD, "resources": []},
    "not whole": {"now_ns": 1},
}
ENVS = ("prod", "staging", "dev")


def tampered(folder: Path, name: str, change: Callable[[str], str]) -> Path:
    """The library with one file changed."""
    library = folder / "library"
    if not library.exists():
        shutil.copytree(rego(), library)
    path = library / name
    path.write_text(change(path.read_text()))
    return library


def script(folder: Path, text: str) -> Path:
    """Something executable that is not OPA."""
    path = folder / "opa"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def engine(folder: Path, *, library: Path | None = None, named: Path | None = None, own: Path | None = None, start: float = 30) -> Opa:
    """An engine that is not started twice when it does not start."""
    library, named = library or rego(), named or binary()
    return Opa(library=library, run=folder / "run", named=named, own=own, seconds=10, start_seconds=start, retry_seconds=99)


def only_start(folder: Path, words: str, then: str) -> Path:
    """OPA for everything but its server, which does something else."""
    return script(folder, f'case "$1" in {words}) {then} ;; *) exec {binary()} "$@" ;; esac')


def server(folder: Path, body: str, status: str = "200 OK") -> Path:
    """A server in OPA's place that is well, and answers every question with this body."""
    code = folder / "server.py"
    code.write_text(f"""
import socketserver, sys
path = sys.argv[sys.argv.index("--addr") + 1].removeprefix("unix://")
class One(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline().decode()
        size = 0
        while (head := self.rfile.readline().strip()):
            if head.lower().startswith(b"content-length:"): size = int(head.split(b":")[1])
        self.rfile.read(size)
        body, status = (b"{{}}", "200 OK") if line.startswith("GET /health") else ({body!r}.encode(), {status!r})
        self.wfile.write(f"HTTP/1.1 {{status}}\\r\\nContent-Length: {{len(body)}}\\r\\nConnection: close\\r\\n\\r\\n".encode() + body)
socketserver.ThreadingUnixStreamServer(path, One).serve_forever()
""")
    return only_start(folder, "run", f'exec {sys.executable} {code} "$@"')


def _violation(**more: object) -> str:
    base = {"id": "X", "severity": "low", "resource": "a", "key": "b", "message": "c", "level": "warn"}
    return json.dumps({"result": {"allow": True, "violations": [{**base, **more}], "excepted": [], "rules": []}})


ALLOWED = json.dumps({"result": {"allow": True, "violations": [], "excepted": [], "rules": []}, "provenance": {}})

FAULTS: dict[str, tuple[Broken, frozenset[str]]] = {
    "no binary": (lambda folder: engine(folder, named=folder / "nothing"), frozenset({"engine.missing"})),
    "a folder for a binary": (lambda folder: engine(folder, named=folder), frozenset({"engine.missing"})),
    "a binary that is not executable": (lambda folder: engine(folder, named=_plain(folder)), frozenset({"engine.unavailable"})),
    "a binary that hangs": (lambda folder: engine(folder, named=script(folder, "sleep 60"), start=0.5), frozenset({"engine.unavailable"})),
    "a binary that fails": (lambda folder: engine(folder, named=script(folder, "exit 3")), frozenset({"engine.broken"})),
    "a binary that says nothing": (lambda folder: engine(folder, named=script(folder, "exit 0")), frozenset({"engine.unavailable"})),
    "a server that hangs": (
        lambda folder: engine(folder, named=only_start(folder, "run", "sleep 60"), start=3),
        frozenset({"engine.unavailable"}),
    ),
    "a server that ends": (lambda folder: engine(folder, named=only_start(folder, "run", "exit 1")), frozenset({"engine.unavailable"})),
    "a server that allows without provenance": (lambda folder: engine(folder, named=server(folder, ALLOWED)), frozenset({"engine.broken"})),
    "a server that is not JSON": (lambda folder: engine(folder, named=server(folder, "yes")), frozenset({"engine.broken"})),
    "a server that answers 500": (lambda folder: engine(folder, named=server(folder, "{}", "500 No")), frozenset({"engine.broken"})),
    "a server that answers a list": (lambda folder: engine(folder, named=server(folder, "[true]")), frozenset({"engine.broken"})),
    "a server that answers a warning": (lambda folder: engine(folder, named=server(folder, _violation())), frozenset({"engine.broken"})),
    "a rule that does not parse": (
        lambda folder: engine(folder, library=tampered(folder, "tags/required.rego", lambda text: text + "\n}")),
        frozenset({"engine.broken"}),
    ),
    "a rule that reaches the network": (
        lambda folder: engine(
            folder, own=_own(folder, 'violation contains f if { f := http.send({"url": "http://127.0.0.1", "method": "GET"}) }')
        ),
        frozenset({"engine.broken"}),
    ),
    "a rule that reads the clock": (
        lambda folder: engine(folder, own=_own(folder, "violation contains f if { f := time.now_ns() }")),
        frozenset({"engine.broken"}),
    ),
    "a rule of another package": (
        lambda folder: engine(folder, own=_own(folder, "allow := true", package="bursar.gate")),
        frozenset({"engine.broken"}),
    ),
    "a guard opened by a rule": (
        lambda folder: engine(folder, own=_own(folder, "allow := true", package="system.authz")),
        frozenset({"engine.broken"}),
    ),
    "a verdict that allows all": (
        lambda folder: engine(folder, library=tampered(folder, "gate.rego", lambda text: text.replace("allow := false", "allow := true"))),
        frozenset({"engine.broken"}),
    ),
    "a verdict without rules": (
        lambda folder: engine(folder, library=tampered(folder, "gate.rego", lambda text: text.replace("\nrules :=", "\nruled :="))),
        frozenset({"engine.broken"}),
    ),
    "a gate that is not defined": (
        lambda folder: engine(
            folder, library=tampered(folder, "gate.rego", lambda text: text.replace("package bursar.gate", "package bursar.gates"))
        ),
        frozenset({"engine.broken"}),
    ),
    "a built-in that fails": (
        lambda folder: engine(folder, own=_own(folder, 'violation contains f if { input.now_ns > 1; f := to_number("x") }')),
        frozenset({"engine.unavailable"}),
    ),
    "a rule that does not answer": (
        lambda folder: engine(folder, own=_own(folder, "violation := 1 if input.now_ns < 0")),
        frozenset({"engine.broken"}),
    ),
    "a rule whose findings have no shape": (
        lambda folder: engine(folder, own=_own(folder, "violation contains about if input.now_ns > 1")),
        frozenset({"engine.shape"}),
    ),
    "no capabilities": (lambda folder: engine(folder, library=_without(folder, "capabilities.json")), frozenset({"engine.unavailable"})),
    "no canary": (lambda folder: engine(folder, library=_without(folder, "canaries/gate.json")), frozenset({"engine.broken"})),
}


def _plain(folder: Path) -> Path:
    path = folder / "opa"
    path.write_text("not a program")
    return path


def _own(folder: Path, text: str, *, package: str = "bursar.rules.acme.mine") -> Path:
    head = "# METADATA\n# scope: package\n# title: mine\n# custom:\n#   id: ACME-X-001\n#   severity: high\n"
    body = f"package {package}\n\nimport data.bursar.verdict\n\nabout := verdict.about(rego.metadata.chain())\n\n{text}\n"
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "mine.rego").write_text(head + (body if "violation" in text else f"package {package}\n\n{text}\n"))
    return folder / "policies"


def _without(folder: Path, name: str) -> Path:
    library = tampered(folder, name, lambda text: text)
    (library / name).unlink()
    return library


@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_allows_anything(name: str, tmp_path: Path) -> None:
    """An engine that is missing, hangs, dies or answers wrongly denies every input in every environment, and says why."""
    broken, reasons = FAULTS[name]
    opa = broken(tmp_path)
    try:
        for env in ENVS:
            for given in INPUTS.values():
                document = {**given, "env": env, "now_ns": 1_000}
                verdict = opa.evaluate("gate", document)
                assert not verdict.allow
                assert verdict.reason in {*reasons, "engine.shape"}, (verdict.reason, verdict.detail)
    finally:
        opa.close()


@pytest.fixture
def opa(tmp_path: Path) -> Iterator[Opa]:
    """A healthy engine."""
    found = engine(tmp_path)
    yield found
    found.close()


def test_a_whole_answer_is_believed(opa: Opa) -> None:
    """The healthy engine allows what breaks no rule and denies what does, under the digest of every rule that was asked."""
    good, bad = opa.evaluate("gate", GOOD), opa.evaluate("gate", UNTAGGED)
    assert (good.allow, good.reason) == (True, "")
    assert (bad.allow, bad.reason, bad.violations[0]["id"]) == (False, "", "BRS-TAG-001")
    assert len(good.policy_digest) == 64
    assert good.engine["version"]


def test_an_input_that_is_not_whole_is_denied(opa: Opa) -> None:
    """A document a rule could not read is a deny with a reason, not an allow without findings."""
    verdict = opa.evaluate("gate", {"now_ns": 1})
    assert (verdict.allow, verdict.reason) == (False, "engine.shape")


def test_an_unknown_entry_point_is_refused(opa: Opa) -> None:
    """The engine answers the two questions it is for."""
    assert opa.evaluate("nothing", GOOD).reason == "engine.unavailable"


def test_a_dead_child_denies_and_is_replaced(opa: Opa) -> None:
    """A child that was killed denies until another stands in its place."""
    assert opa.evaluate("gate", GOOD).allow
    assert opa._child
    process = opa._child.process
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert opa.evaluate("gate", UNTAGGED).reason == ""
    assert opa.evaluate("gate", GOOD).allow


def test_a_child_that_dies_while_asked_denies(opa: Opa) -> None:
    """A connection nobody answers is a deny."""
    assert opa.evaluate("gate", GOOD).allow
    assert opa._child
    folder = opa._child.folder
    (folder / "opa.sock").unlink()
    opa._child.client.close()
    opa._child.client = type(opa._child.client)(transport=_closed(folder), base_url="http://opa", trust_env=False)
    assert opa.evaluate("gate", GOOD).reason == "engine.unavailable"


def _closed(folder: Path) -> Any:  # noqa: ANN401 - a transport
    return httpx2.HTTPTransport(uds=str(folder / "opa.sock"))


SLOW = "violation contains f if { input.now_ns == 7; some i in numbers.range(1, 20000); some j in numbers.range(1, 20000); i * j == -1; f := about }"


def test_a_policy_that_loops_is_stopped_by_the_deadline(tmp_path: Path) -> None:
    """A rule that computes without end denies at the deadline, twice in a row restarts the engine, and other questions go on."""
    opa = engine(tmp_path, own=_own(tmp_path, SLOW))
    try:
        assert opa.evaluate("gate", GOOD, seconds=10).allow
        assert opa._child
        first = opa._child.process.pid
        for _ in range(2):
            started = time.monotonic()
            verdict = opa.evaluate("gate", {**GOOD, "now_ns": 7}, seconds=0.3)
            assert (verdict.allow, verdict.reason, verdict.detail) == (False, "engine.unavailable", "the deadline passed")
            assert time.monotonic() - started < 5
        assert opa._child is None
        assert opa.evaluate("gate", GOOD, seconds=10).allow
        assert opa._child.process.pid != first
    finally:
        opa.close()


def test_rules_of_the_user_are_added(tmp_path: Path) -> None:
    """A rule beside the project finds what the packaged ones do not, and its digest is another."""
    text = 'violation contains f if { some r in input.resources; f := object.union(about, {"resource": r.address, "key": "x", "message": "no", "unknown": false}) }'
    opa, plain = engine(tmp_path, own=_own(tmp_path, text)), engine(tmp_path / "plain")
    try:
        verdict = opa.evaluate("gate", GOOD)
        assert [one["id"] for one in verdict.violations] == ["ACME-X-001"]
        assert "ACME-X-001" in verdict.rules
        assert verdict.policy_digest != plain.evaluate("gate", GOOD).policy_digest
    finally:
        opa.close()
        plain.close()


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """A closed engine leaves neither a process nor a file."""
    opa = engine(tmp_path)
    assert opa.evaluate("gate", GOOD).allow
    assert opa._child
    process, folder = opa._child.process, opa._child.folder
    opa.close()
    assert process.poll() is not None
    assert not folder.exists()


def test_a_child_is_gone_with_its_owner(tmp_path: Path) -> None:
    """An owner that is killed takes its engine with it."""
    code = (
        "import sys, os, signal, json; from pathlib import Path; from bursar.adapters.engines.opa import Opa; from bursar.bootstrap import rego\n"
        f"opa = Opa(library=rego(), run=Path({str(tmp_path / 'run')!r}), named=Path({str(binary())!r}))\n"
        "opa.evaluate('gate', {}); print(opa._child.process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30)
    group = int(done.stdout)
    for _ in range(200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail("the engine outlives its owner")


def test_the_engine_is_closed_to_everybody_else(opa: Opa) -> None:
    """The child has an empty environment, a socket only its user reaches, and answers nothing but decisions and its health."""
    assert opa.evaluate("gate", GOOD).allow
    child = opa._child
    assert child
    assert child.folder.stat().st_mode & 0o777 == 0o700
    assert (child.folder / "opa.sock").stat().st_mode & 0o077 == 0
    for method, path, body in (
        ("POST", "/v1/query", {"query": "x := 1"}),
        ("POST", "/v1/compile", {"query": "data.bursar.gate.allow == true"}),
        ("GET", "/v1/policies", None),
        ("PUT", "/v1/data/bursar/gate", {}),
        ("GET", "/v1/config", None),
        ("GET", "/metrics", None),
        ("POST", "/v1/data", {"input": {}}),
        ("POST", "/", {}),
    ):
        assert child.client.request(method, path, json=body).status_code == 401, path
    assert child.client.put("/v1/policies/x", content=b"package x").status_code == 401


def test_the_child_has_no_environment(opa: Opa, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret of ours is not in the engine's process."""
    monkeypatch.setenv("BURSAR_SECRET", "canary")
    assert opa.evaluate("gate", GOOD).allow
    assert opa._child
    shell = opa._child.process.pid
    children = Path(f"/proc/{shell}/task/{shell}/children")
    if not children.exists():
        pytest.xfail("no /proc here")
    environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in children.read_text().split()]
    running = [
        one for pid, one in zip(children.read_text().split(), environments, strict=True) if b"opa" in Path(f"/proc/{pid}/comm").read_bytes()
    ]
    assert running == [b""]
    assert not [one for one in environments if b"canary" in one]


def test_a_long_state_folder_still_has_a_socket(tmp_path: Path) -> None:
    """A socket's address holds a hundred bytes; a deeper state folder does not stop the gate."""
    opa = Opa(library=rego(), run=tmp_path / ("deep" * 30) / "run", named=binary())
    try:
        assert opa.evaluate("gate", GOOD).allow
    finally:
        opa.close()


def test_a_verdict_without_reason_is_an_answer() -> None:
    """The port's value allows nothing by default."""
    assert not Verdict(allow=False).allow
