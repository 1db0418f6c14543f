"""A decision as a comment on a pull request: short enough to be taken, found again by its marker, with strangers' text inert.

Names, tags and messages come from whoever opened the request. They stand in code spans whose fence is longer than any run of
backticks within, without line ends, so that they can neither mention anybody, nor link, nor open an element or a table cell.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from bursar.policies.decisions import Decision
from bursar.surfaces.gating.document import budget_document, cost_document, cure

LIMIT = 65_536
"""Characters a comment may have on GitHub; GitLab takes more."""

SHOWN = 50
LONGEST = 160

_ROOM = LIMIT - 2_000
_HEADS = {
    "allow": "### ✅ bursar allows this change",
    "deny": "### ⛔ bursar denies this change",
    "undecided": "### ⛔ bursar could not decide, so this change is blocked",
}


def marker(key: str) -> str:
    """The hidden line a comment is found by. A key is reduced to signs that cannot end the comment it stands in."""
    return f"<!-- bursar:gate:{re.sub(r'[^A-Za-z0-9._#/]', '_', key)[:120]} -->"


def markdown(decision: Decision, *, key: str | None = None, command: str = "") -> str:
    """The comment, at most `LIMIT` characters; what does not fit is counted."""
    named = key or (decision.change.name if decision.change else decision.subject)
    parts = [marker(named), _HEADS[decision.answer], "", *_summary(decision), *_findings(decision), *_cost(decision), *_budgets(decision)]
    parts += [*_exceptions(decision), "", f"<sub>{_footer(decision, command)}</sub>"]
    return _fitted(parts)


def inert(value: object, *, longest: int = LONGEST) -> str:
    """Text of strangers as a code span that nothing in it can end."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(value))
    text = text[:longest] + ("…" if len(text) > longest else "")
    text = text.replace("|", "¦").strip() or " "
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def _fitted(parts: Sequence[str]) -> str:
    """Whole lines only, from the top; the last line, which says how to see all, always."""
    kept: list[str] = []
    size = 0
    for line in parts[:-1]:
        size += len(line) + 1
        if size > _ROOM:
            kept.append("")
            kept.append("_More does not fit in a comment; run the command below to see all._")
            break
        kept.append(line)
    return "\n".join([*kept, parts[-1]]) + "\n"


def _summary(decision: Decision) -> list[str]:
    denying = len(decision.denying)
    warning = len(decision.violations) - denying
    lines = [f"Environment {inert(decision.env)}: {denying} denying, {warning} warning, {len(decision.excepted)} excepted."]
    if decision.reason:
        lines += ["", f"**Cause** {inert(decision.reason, longest=600)}", "", f"**Cure** {inert(decision.cure, longest=300)}"]
    lines += [f"_{inert(note)}_" for note in decision.notes]
    return lines


def _findings(decision: Decision) -> list[str]:
    if not decision.violations:
        return []
    rows = [_row(one) for one in decision.violations[:SHOWN]]
    more = len(decision.violations) - SHOWN
    head = ["", "| | rule | resource | what | cure |", "|---|---|---|---|---|"]
    return [*head, *rows, *([f"\n…and {more} more."] if more > 0 else [])]


def _row(one: Mapping[str, object]) -> str:
    sign = "⛔" if one["level"] == "deny" else "⚠️"
    return f"| {sign} | {inert(one['id'])} | {inert(one['resource'])} | {inert(one['message'])} | {inert(cure(one))} |"


def _cost(decision: Decision) -> list[str]:
    if decision.estimate is None:
        return []
    cost = cost_document(decision.estimate)
    delta, currency = cost["delta_monthly"], cost["currency"] or ""
    said = "not known" if delta is None else f"{delta} {currency} a month".strip()
    share = f"{cost['priced']} of {cost['planned']} resources priced"
    lines = ["", f"**Cost** {inert(said)} ({share}, from {inert(cost['price_source'])})"]
    if cost["delta_effective"] is not None and cost["delta_effective"] != delta:
        effective = f"{cost['delta_effective']} {currency}".strip()
        lines.append(f"At your own rates: {inert(effective)}.")
    return lines


def _budgets(decision: Decision) -> list[str]:
    if not decision.budgets:
        return []
    rows = ["", "| budget | amount | actual | reserved | this change | P(breach) |", "|---|--:|--:|--:|--:|--:|"]
    for view in decision.budgets:
        told = budget_document(view)
        figures = [told[name] for name in ("amount", "actual", "reserved", "delta_monthly", "p_breach")]
        cells = " | ".join("not known" if figure is None else str(figure) for figure in figures)
        rows.append(f"| {inert(told['id'])} | {cells} |")
    return rows


def _exceptions(decision: Decision) -> list[str]:
    lines: list[str] = []
    for used in decision.exceptions_used:
        grant = used.grant
        spent = ", ".join(f"{value:.2f} {currency}" for currency, value in sorted(used.cost_to_date.items())) or "not known"
        lines.append(
            f"- Exception {inert(grant.id)} of {inert(grant.owner)}, approved by {inert(grant.approver)}, ends {grant.expires:%Y-%m-%d}, "
            f"cost to date {inert(spent)}: {inert(grant.reason)}"
        )
    lines += [f"- {inert(one.id)} exception {inert(one.exception)}: {inert(one.message)}" for one in decision.exception_findings[:20]]
    return ["", *lines] if lines else []


def _footer(decision: Decision, command: str) -> str:
    digest = hashlib.sha256(decision.id.encode()).hexdigest()[:8] if not decision.policy_digest else decision.policy_digest[:12]
    again = f" Again: {inert(command, longest=300)}" if command else ""
    return f"Decision {inert(decision.id)}, rules {inert(digest)}.{again}"
