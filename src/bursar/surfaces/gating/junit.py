"""A decision as JUnit XML: one case per finding, what denies fails, what could not be decided is an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import quoteattr

from bursar.policies.decisions import Decision
from bursar.surfaces.gating.document import cure


def junit(decision: Decision) -> str:
    """The document. A change without a finding is one case that passes."""
    cases = list(_cases(decision))
    failures, errors = len(decision.denying), int(decision.answer == "undecided")
    head = f'tests="{len(cases)}" failures="{failures}" errors="{errors}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="bursar gate" {head}>',
        f"  <testsuite name={_attribute(decision.subject)} {head}>",
        *(f"    {case}" for case in cases),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _cases(decision: Decision) -> Iterator[str]:
    if decision.answer == "undecided":
        yield f'<testcase classname="gate" name="decision"><error message={_attribute(decision.reason)}/></testcase>'
    elif not decision.violations:
        yield '<testcase classname="gate" name="decision"/>'
    for one in decision.violations:
        yield _case(one)


def _case(one: Mapping[str, object]) -> str:
    name = _attribute(f"{one['resource']} {one['key']}")
    text = _attribute(f"{one['message']}. {cure(one)}")
    inner = f"<system-out>{text[1:-1]}</system-out>"
    if one["level"] == "deny":
        inner = f"<failure type={_attribute(one['severity'])} message={text}/>"
    return f"<testcase classname={_attribute(one['id'])} name={name}>{inner}</testcase>"


def _attribute(value: object) -> str:
    """A quoted attribute of signs XML can carry."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(value))
    return quoteattr("".join(sign for sign in text if sign not in "\ufffe\uffff"))
