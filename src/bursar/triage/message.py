"""The words of an alert: what was expected and what came, since when, why, what to do, and how to see it again.

A payload is plain JSON, decimals as text; names in it are strangers' and are made harmless by whoever shows them.
"""

import shlex
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import cast

from bursar.domain.money import plain
from bursar.domain.wording import count, money, shell_line
from bursar.triage.rows import Alert, Incident, Json, decimal, mapping, rows_of

CAUSES = 3
UNALLOCATED = "unallocated"
LASTING = frozenset({"open", "settled"})
LEAST, WHOLE = Decimal("0.2"), Decimal("0.95")
"""From which part of an excess on a plan is named, and from which on it ends it."""
ENDS = {
    "closed": "It is over: costs are back within the band.",
    "settled": "It is the new level: from now on this counts as expected.",
    "retracted": "Taken back: a corrected bill took its ground away.",
    "withheld": "It is withheld: this team already hears enough that turns out to be nothing.",
}
HEADS = {"closed": "Over", "settled": "New level", "retracted": "Taken back", "withheld": "Withheld"}


def incident_payload(incident: Incident, *, channel: str, plans: Mapping[str, str]) -> dict[str, object]:
    """An incident's message. `plans` says which plan would end what, by resource."""
    plan, part = _plan(incident, plans)
    return {
        "kind": "incident",
        "incident_id": incident.id,
        "title": title(incident),
        "severity": incident.severity,
        "status": incident.status,
        "owner": incident.owner,
        "channel": channel,
        "sentences": sentences(incident),
        "expected": plain(incident.expected),
        "actual": plain(incident.actual),
        "excess": plain(incident.excess),
        "currency": incident.currency,
        "series": [_day(row) for row in rows_of(incident.detail, "days")[-35:]],
        "causes": [_cause(row, incident.currency) for row in incident.causes[:CAUSES]],
        "do": _todo(incident, plan, part),
        "command": _command(str(incident.detail.get("command") or "")),
        "plan_digest": plan,
        "thread_of": None,
        "edits": None,
    }


def title(incident: Incident) -> str:
    """Where, how much, and which way."""
    names = ["none" if value is None else value for value in incident.scope.values()]
    where = " / ".join(dict.fromkeys(names) if set(names) == {UNALLOCATED} else names) or "the whole estate"
    more = "more" if incident.excess >= 0 else "less"
    head = f"{HEADS[incident.status]}: " if incident.status in HEADS else ""
    return f"{head}{where}: {money(abs(incident.excess), incident.currency)} {more} than expected"


def sentences(incident: Incident) -> list[str]:
    """Expected and actual in one sentence, its severity and why, how it ended, and where else it shows."""
    actual, expected = money(incident.actual, incident.currency), money(incident.expected, incident.currency)
    more = "more" if incident.excess >= 0 else "less"
    by = money(abs(incident.excess), incident.currency)
    part = f", {_percent(abs(incident.excess) / incident.expected)}" if incident.expected > 0 else ""
    found = [f"{_days(incident.onset, incident.last_day)} it cost {actual}; {expected} was expected: {by} {more}{part}."]
    if rule := incident.detail.get("severity_rule"):
        found.append(f"{incident.severity}: {rule}.")
    if incident.status in ENDS:
        found.append(ENDS[incident.status])
    if rate := decimal(incident.detail.get("run_rate_monthly")):
        found.append(f"At this level it is {money(rate, incident.currency)} a month.")
    if said := mapping(mapping(incident.detail.get("retracted")).get("said")):
        found.append(f"Said before: {said.get('actual')} {incident.currency}, where {said.get('expected')} was expected.")
    if folded := rows_of(incident.detail, "folded"):
        found.append(f"The same charges show in {count(len(folded), 'other place')}.")
    return found


def louder(incident: Incident, payload: Json, *, before: str) -> dict[str, object]:
    """The reply that says it got worse: the sentence and the numbers, without picture and causes, which the first message shows anew."""
    what = f"Now {incident.severity}, was {before}" if before != incident.severity else "Twice what was last said"
    said = f"{money(abs(incident.excess), incident.currency)} {'more' if incident.excess >= 0 else 'less'} than expected"
    return {**payload, "title": f"{what}: {said}", "series": [], "causes": [], "do": []}


def planned(incident: Incident, payload: Json) -> dict[str, object]:
    """The reply that says a plan would end it."""
    return {**payload, "title": f"A plan is ready: {title(incident)}", "series": [], "causes": [], "do": list(rows(payload, "do"))[:1]}


def alert_payload(alert: Alert, *, owner: str | None, channel: str) -> dict[str, object]:
    """A budget alert's message, from what the alert's detail says: amount, actual, currency, sentences, command, series."""
    detail = alert.detail
    currency = str(detail.get("currency") or "")
    head = "Cleared: " if alert.status == "cleared" else ""
    return {
        "kind": "budget",
        "budget_id": alert.budget,
        "title": f"{head}budget {alert.budget}, {_period(alert.period)}: {_rule(alert.rule)}",
        "severity": alert.severity,
        "status": alert.status,
        "owner": owner,
        "channel": channel,
        "sentences": _budget_sentences(detail, currency),
        "expected": _text(detail, "amount"),
        "actual": _text(detail, "actual"),
        "excess": _text(detail, "excess"),
        "currency": currency,
        "series": [_day(row) for row in rows_of(detail, "days")[-35:]],
        "causes": [_cause(row, currency) for row in rows_of(detail, "causes")[:CAUSES]],
        "do": [str(item) for item in rows(detail, "do")] or ["See how it stands: bursar budgets status"],
        "command": str(detail.get("command") or "bursar budgets status"),
        "plan_digest": None,
        "thread_of": None,
        "edits": None,
    }


def worse(alert: Alert, payload: Json, *, before: str) -> dict[str, object]:
    """The reply that says a budget's alert got worse."""
    return {**payload, "title": f"Now {alert.severity}, was {before}", "series": [], "causes": [], "do": []}


def rows(detail: Json, name: str) -> Sequence[object]:
    """A list, empty where there is none."""
    found = detail.get(name)
    return cast("Sequence[object]", found) if isinstance(found, list | tuple) else ()


def _budget_sentences(detail: Json, currency: str) -> list[str]:
    """The alert's own sentences, else its amounts in one."""
    if told := [str(item) for item in rows(detail, "sentences")]:
        return told
    amount, actual = decimal(detail.get("amount")), decimal(detail.get("actual"))
    found: list[str] = []
    if amount is not None and actual is not None:
        part = f", {_percent(actual / amount)}" if amount > 0 else ""
        found.append(f"{money(actual, currency)} of {money(amount, currency)} is spent{part}.")
    forecast = decimal(detail.get("forecast"))
    if forecast is not None:
        found.append(f"The period is expected to end at {money(forecast, currency)}.")
    if rates := mapping(detail.get("rates")):
        told = ", ".join(f"{rate} × over {window}" for window, rate in rates.items() if rate is not None)
        found.append(f"It is being spent faster than planned: {told}.")
    if probability := decimal(detail.get("p_breach")):
        when = f", in the middle of the forecasts on {detail['breach_date']}" if detail.get("breach_date") else ""
        found.append(f"It breaks its budget with a probability of {_percent(probability)}{when}.")
    return found


def _plan(incident: Incident, plans: Mapping[str, str]) -> tuple[str | None, Decimal]:
    """The plan that changes most of what costs too much, and how much of it; none below a fifth."""
    shares: dict[str, Decimal] = {}
    for row in rows_of(incident.detail, "resources"):
        if incident.direction == "up" and incident.status in LASTING and (plan := plans.get(str(row.get("resource_id")))):
            shares[plan] = shares.get(plan, Decimal(0)) + (decimal(row.get("share")) or Decimal(0))
    best = max(shares, key=lambda one: (shares[one], one), default=None)
    return (best, shares[best]) if best and shares[best] >= LEAST else (None, Decimal(0))


def _todo(incident: Incident, plan: str | None, part: Decimal) -> list[str]:
    """What the reader can do now. A level that is believed by now can still be ended."""
    if incident.status not in LASTING:
        return []
    how = "would end it" if part >= WHOLE else f"would end {_percent(part)} of it"
    approve = [f"A plan {how}: bursar plans show {plan[:12]}, then bursar approve {plan[:12]}"] if plan else []
    feedback = f"Say what it was: bursar anomalies feedback {incident.id} expected, planned, false or true"
    return [*approve, feedback] if incident.status == "open" else approve


def _command(line: str) -> str:
    """A command line with the quotes a person would write; one that is none stays as it is."""
    try:
        return shell_line(shlex.split(line))
    except ValueError:
        return line


def _percent(ratio: Decimal) -> str:
    return f"{ratio * 100:.0f} %"


def _cause(row: Json, currency: str) -> dict[str, object]:
    scope = {name: "none" if value is None else str(value) for name, value in mapping(row.get("scope")).items()}
    return {"scope": scope, "share": _text(row, "share"), "excess": _text(row, "excess"), "currency": str(row.get("currency") or currency)}


def _day(row: Json) -> dict[str, object]:
    return {"day": str(row.get("day")), **{name: _text(row, name) for name in ("actual", "expected", "lo", "hi")}}


def _text(row: Json, name: str) -> str | None:
    found = row.get(name)
    return None if found is None else plain(found) if isinstance(found, Decimal) else str(found)


def _days(first: str, last: str) -> str:
    """`On 3 November 2026`, or `From 3 to 9 November 2026`."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    if start == end:
        return f"On {end.day} {end:%B %Y}"
    month = f" {start:%B}" if start.month != end.month or start.year != end.year else ""
    year = f" {start.year}" if start.year != end.year else ""
    return f"From {start.day}{month}{year} to {end.day} {end:%B %Y}"


def _period(first: str) -> str:
    try:
        return f"{date.fromisoformat(first):%B %Y}"
    except ValueError:
        return first


def _rule(rule: str) -> str:
    """`80 % of the budget is spent`, for a threshold; the rule's own name for others."""
    match rule.split(":"):
        case ["threshold", at, of] if (ratio := decimal(at)) is not None:
            return f"{'forecast to reach' if of == 'forecast' else 'spent'} {_percent(ratio)}"
        case ["burn", *_]:
            return "money burns too fast"
        case ["breach", *_]:
            return "likely to be broken"
        case _:
            return rule
