"""OPA as a managed child: one bundle, one socket, a deadline, and a deny for everything that is not a whole answer."""

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import httpx2

from bursar.adapters.engines.bundle import CURE, PIN, Bundle, build, find_binary
from bursar.adapters.engines.child import Child, private_folder, start
from bursar.adapters.engines.proving import prove
from bursar.domain.errors import ConfigError, Unavailable
from bursar.ports import Verdict

MISSING, UNAVAILABLE, UNDEFINED, SHAPE, BROKEN = (f"engine.{name}" for name in ("missing", "unavailable", "undefined", "shape", "broken"))

DEADLINES_IN_A_ROW = 2
TEST_SECONDS = 300.0
_QUERY = "strict-builtin-errors=true&provenance=true"


class Opa:
    """The port's one implementation. Starts its child at the first question; safe to ask from several threads.

    `library` holds rules, capabilities, schemas and one canary per entry point that must be denied; `own` are the user's rules. An
    engine that did not start is not started again for `retry_seconds`: whoever asks meanwhile is denied for the same reason.
    """

    def __init__(  # noqa: PLR0913 - where everything is, and two deadlines
        self,
        *,
        library: Path,
        run: Path,
        named: Path | None = None,
        project: Path | None = None,
        own: Path | None = None,
        seconds: float = 5.0,
        start_seconds: float = 20.0,
        retry_seconds: float = 5.0,
    ) -> None:
        self.library, self.run, self.named, self.project, self.own = library, run, named, project, own
        self.seconds, self.start_seconds, self.retry_seconds = seconds, start_seconds, retry_seconds
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._bundle: Bundle | None = None
        self._late = 0
        self._failed: tuple[float, _NoAnswerError] | None = None

    def evaluate(self, entrypoint: str, document: Mapping[str, object], *, seconds: float | None = None) -> Verdict:
        """The engine's verdict, or a deny that says why there is none."""
        try:
            child, bundle = self._ready()
        except _NoAnswerError as error:
            return _denied(error.reason, error.detail)
        return self._asked(child, bundle, entrypoint=entrypoint, document=document, seconds=seconds or self.seconds)

    def close(self) -> None:
        """Stop the child, if there is one."""
        with self._lock:
            self._stop()

    def test(self) -> Iterator[str]:
        """Prove the rules, line by line. Raises Unavailable without a binary, Refused at the first thing that does not hold."""
        binary = self.binary()
        if binary is None:
            raise Unavailable(f"there is no OPA to test the rules with; {PIN} is the version", cure=CURE)
        return prove(binary, library=self.library, own=self.own, seconds=TEST_SECONDS)

    def binary(self) -> Path | None:
        """The binary that would be started."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return find_binary(self.named, project=self.project, cache=cache)

    def _ready(self) -> tuple[Child, Bundle]:
        """A child that is alive and denied its canaries, started if need be. Raises _NoAnswerError."""
        with self._lock:
            if self._child and self._bundle and self._child.alive():
                return self._child, self._bundle
            self._stop()
            if self._failed and time.monotonic() < self._failed[0]:
                raise self._failed[1]
            try:
                child, bundle = self._started()
            except _NoAnswerError as error:
                self._failed = (time.monotonic() + self.retry_seconds, error)
                raise
            self._child, self._bundle, self._late, self._failed = child, bundle, 0, None
            return child, bundle

    def _started(self) -> tuple[Child, Bundle]:
        binary = self.binary()
        if binary is None:
            where = f"{self.named} is not there" if self.named else "no opa on PATH, in .tools/opa or in the user's cache"
            raise _NoAnswerError(MISSING, f"{where}; OPA {PIN} decides")
        folder = private_folder(self.run)
        try:
            bundle = build(binary, library=self.library, own=self.own, into=folder, seconds=self.start_seconds)
            child = start(binary, bundle=bundle.file, folder=folder, seconds=self.start_seconds)
        except ConfigError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise _NoAnswerError(BROKEN, str(error)) from error
        except (Unavailable, OSError, ValueError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise _NoAnswerError(UNAVAILABLE, str(error)) from error
        self._check_canaries(child, bundle)
        return child, bundle

    def _check_canaries(self, child: Child, bundle: Bundle) -> None:
        """An engine that allows what must be denied, or does not say what is wrong with it, is broken."""
        for entrypoint in bundle.rules:
            try:
                document = cast("dict[str, object]", json.loads((self.library / "canaries" / f"{entrypoint}.json").read_text("utf-8")))
            except (OSError, ValueError) as error:
                child.stop()
                raise _NoAnswerError(BROKEN, f"the canary of {entrypoint} cannot be read") from error
            verdict = _verdict(_reply(child, entrypoint, document=document, seconds=self.seconds), bundle, entrypoint=entrypoint)
            if verdict.reason or verdict.allow or not any(one["level"] == "deny" for one in verdict.violations):
                child.stop()
                raise _NoAnswerError(BROKEN, verdict.detail or f"the canary of {entrypoint} was not denied")

    def _asked(self, child: Child, bundle: Bundle, *, entrypoint: str, document: Mapping[str, object], seconds: float) -> Verdict:
        answer = _reply(child, entrypoint, document=document, seconds=seconds)
        with self._lock:
            self._late = self._late + 1 if answer == _LATE else 0
            if self._late >= DEADLINES_IN_A_ROW and self._child is child:
                self._stop()
        return _verdict(answer, bundle, entrypoint=entrypoint)

    def _stop(self) -> None:
        if self._child:
            self._child.stop()
        self._child, self._late = None, 0


class _NoAnswerError(Exception):
    """Why there is no verdict."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


_LATE = "the deadline passed"


def _reply(child: Child, entrypoint: str, *, document: Mapping[str, object], seconds: float) -> dict[str, object] | str:
    """The engine's JSON object, or why there is none. Hanging up cancels what it was still computing."""
    end = time.monotonic() + seconds
    body = json.dumps({"input": document}, allow_nan=False).encode()
    received = bytearray()
    try:
        with child.client.stream("POST", f"/v1/data/bursar/{entrypoint}?{_QUERY}", content=body, timeout=seconds) as response:
            for piece in response.iter_bytes():
                received += piece
                if time.monotonic() > end:
                    return _LATE
    except httpx2.TimeoutException:
        return _LATE
    except httpx2.HTTPError as error:
        return f"{type(error).__name__}: {error}"
    if response.status_code != 200:
        return f"status {response.status_code}: {received[:500].decode('utf-8', 'replace')}"
    try:
        answer: object = json.loads(received)
    except ValueError:
        return "what came back is not JSON"
    return cast("dict[str, object]", answer) if isinstance(answer, dict) else "what came back is not an object"


def _verdict(answer: dict[str, object] | str, bundle: Bundle, *, entrypoint: str) -> Verdict:
    """A whole answer of the bundle that was built as it is; anything else as a deny."""
    if isinstance(answer, str):
        return _denied(UNAVAILABLE, answer, bundle)
    provenance = _object(answer.get("provenance"))
    revisions = [_object(one).get("revision") for one in _object(provenance.get("bundles")).values()]
    if revisions != [bundle.digest]:
        return _denied(UNAVAILABLE, "another bundle answered than was built", bundle)
    if "warning" in answer or "result" not in answer:
        return _denied(UNDEFINED, f"bursar.{entrypoint} is not defined for this input", bundle)
    result = _object(answer["result"])
    if fault := _fault(result, bundle.rules.get(entrypoint, frozenset())):
        return _denied(SHAPE, fault, bundle)
    engine = {"version": str(provenance.get("version", "")), "build_commit": str(provenance.get("build_commit", "")), "mode": "child"}
    return Verdict(
        allow=result["allow"] is True,
        violations=tuple(_objects(result["violations"])),
        excepted=tuple(_objects(result["excepted"])),
        rules=tuple(sorted(cast("list[str]", result["rules"]))),
        policy_digest=bundle.digest,
        engine=engine,
    )


_TEXTS = ("id", "severity", "resource", "key", "message")


def _fault(result: Mapping[str, object], expected: frozenset[str]) -> str:
    """What is wrong with a result, or the empty text."""
    if not isinstance(result.get("allow"), bool) or any(
        not isinstance(result.get(name), list) for name in ("violations", "excepted", "rules")
    ):
        return "the result lacks allow, violations, excepted or rules"
    findings = [*cast("list[object]", result["violations"]), *cast("list[object]", result["excepted"])]
    for one in findings:
        found = _object(one)
        if any(not isinstance(found.get(name), str) for name in _TEXTS):
            return f"a finding lacks one of {', '.join(_TEXTS)}"
    levels = {_object(one).get("level") for one in cast("list[object]", result["violations"])}
    if levels - {"deny", "warn"}:
        return "a violation has no level"
    if result["allow"] and "deny" in levels:
        return "it allows what it denies"
    if not result["allow"] and "deny" not in levels:
        return "it denies without a violation: the input is not whole"
    short = expected - set(cast("list[str]", result["rules"]))
    return f"{', '.join(sorted(short))} did not answer" if short or not expected else ""


def _denied(reason: str, detail: str, bundle: Bundle | None = None) -> Verdict:
    return Verdict(allow=False, reason=reason, detail=detail, policy_digest=bundle.digest if bundle else "")


def _object(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, object]]:
    return [_object(one) for one in cast("list[object]", value)]
