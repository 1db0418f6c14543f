"""A small house whose bill means harm: a team's last day costs three times as much, and its tags are written to be misread."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bursar.adapters.channels.slack_double import TOKEN
from tests.acceptance.conftest import COMMAND, House, Said, bill, charge, environment

SCRIPT = Path(__file__).with_name("elsewhere.py")
PYTHON = COMMAND.with_name("python")
HOSTILE = (
    "<!channel> <@U012AB3CD> @here <https://evil.example|click> <script>alert(1)</script> [a](https://evil.example) `b` | c "
    "\x1b[2J\x1b]0;own\x07 \u202eevil\u202c \u200bzero"
)
FIRST = date(2025, 2, 1)
SPIKE = date(2025, 3, 17)
NOW = "2025-03-18T06:00:00+00:00"
LATER = "2025-03-18T07:00:00+00:00"
CONFIG = """
version: 1
opa: {{binary: {opa}}}
sources: [{{name: bills, uri: 'file://{drop}'}}]
"""
SLACK = "channels: {{slack: {{token: '{token}', default: '#finops', url: '{url}'}}}}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spiked(House):
    """A house whose command runs at a moment that is said."""

    def copy(self, to: Path) -> Spiked:
        """The same house elsewhere, which reads its own deliveries."""
        shutil.copytree(self.project, to, dirs_exist_ok=True)
        made = Spiked(project=to)
        made.configure()
        return made

    def configure(self, *, slack: str | None = None, more: str = "") -> None:
        """Write bursar.yaml: the folder it watches, the engine, and a Slack at this address."""
        from planned_changes import binary  # noqa: PLC0415 - most of these tests need no engine

        text = CONFIG.format(opa=binary(), drop=self.project / "drop")
        text += SLACK.format(token=TOKEN, url=slack) if slack else ""
        (self.project / "bursar.yaml").write_text(text + more)

    def words(self, *words: str, moment: str = NOW, full: str = "never") -> list[str]:
        """The command line of a process that runs a verb at a moment."""
        return [str(PYTHON), str(SCRIPT), moment, full, *words]

    def at(self, moment: str, *words: str, code: int = 0, full: str = "never") -> Said:
        """Run a verb at a moment; the exit code must be the one promised, and no traceback may reach anybody."""
        argv = self.words(*words, moment=moment, full=full)
        done = subprocess.run(argv, cwd=self.project, env=self.environment(), capture_output=True, text=True, timeout=120, check=False)
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Said(code=done.returncode, out=done.stdout, err=done.stderr)

    def on_a_terminal(self, *words: str) -> str:
        """What a terminal receives of a verb, every byte of it."""
        leader, follower = pty.openpty()
        with subprocess.Popen(
            self.words(*words), cwd=self.project, env=self.environment(), stdin=follower, stdout=follower, stderr=follower
        ) as running:
            os.close(follower)
            seen = b"".join(_until_it_ends(leader))
        os.close(leader)
        assert running.returncode != 4, seen.decode()
        return seen.decode()

    def environment(self) -> dict[str, str]:
        """A terminal of a known width, a home of our own; what is parsed once is kept, as an installation keeps it."""
        known = environment()
        return {**known, "HOME": str(self.project), "XDG_CACHE_HOME": known["PYTHONPYCACHEPREFIX"], "COLUMNS": "200"}

    @contextmanager
    def served(self) -> Iterator[str]:
        """The address of the page while it is served."""
        with subprocess.Popen(
            self.words("serve", "--port", "0", "--no-worker"), cwd=self.project, env=self.environment(), stderr=subprocess.PIPE, text=True
        ) as running:
            try:
                assert running.stderr
                found = re.search(r"http://[^/]+", running.stderr.readline())
                assert found
                yield found[0]
            finally:
                running.terminate()


def deliver(drop: Path, *, until: date) -> None:
    """The two months' bills as exported when the day `until` was over."""
    days = [FIRST + timedelta(days=n) for n in range((until - FIRST).days + 1)]
    for month in (2, 3):
        bill(drop / f"2025-{month:02d}.csv", *(line for day in days if day.month == month for line in _lines(day)))


def _lines(day: date) -> Iterator[dict[str, str]]:
    first = day.replace(day=1)
    period = {"BillingPeriodStart": f"{first}T00:00:00Z", "BillingPeriodEnd": f"{(first + timedelta(days=32)).replace(day=1)}T00:00:00Z"}
    times = {"ChargePeriodStart": f"{day}T00:00:00Z", "ChargePeriodEnd": f"{day + timedelta(days=1)}T00:00:00Z"}
    for team, cost in ((HOSTILE, 300 if day == SPIKE else 100), ("core", 200)):
        tags = json.dumps({"team": team, "service": team, "env": "prod"})
        yield charge(str(cost)) | period | times | {"Tags": tags, "SkuId": f"sku {team}", "ChargeDescription": team}


def _until_it_ends(handle: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(handle, 65536)
        except OSError:  # Linux says so when the other end is closed
            return
        if not part:
            return
        yield part
