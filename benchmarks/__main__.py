"""`python -m benchmarks [NAME…]`: run the measurements and print them as the table of docs/benchmarks.md."""

import os
import platform
import sys

from benchmarks import actions, alert, anomaly, gate, normalise, outbox, pipeline, questions, serving

PARTS = {
    "normalise": normalise.lines,
    "pipeline": pipeline.lines,
    "questions": questions.lines,
    "outbox": outbox.lines,
    "anomaly": anomaly.lines,
    "alert": alert.lines,
    "gate": gate.lines,
    "actions": actions.lines,
    "serving": serving.lines,
}
"""Every part by name."""


def main() -> None:
    """Run the named parts, or all."""
    names = sys.argv[1:] or list(PARTS)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| what | measured | aim | beside |\n|---|---|---|---|")
    for name in names:
        for line in PARTS[name]():
            print(line, flush=True)


if __name__ == "__main__":
    main()
