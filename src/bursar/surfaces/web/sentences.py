"""Headlines. Each is computed from the very numbers beside it and says what is so, and what is not."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from bursar.domain.wording import count
from bursar.lake.reports import Reconciled
from bursar.surfaces.web.display import UNALLOCATED, clean, listed, month_name, percent, whole
from bursar.surfaces.web.entries import Group
from bursar.surfaces.web.month import MonthSpan
from bursar.surfaces.web.movers import PriceUsage

LEVEL = Decimal("0.005")
"""Below half a percent two months are called level."""
DWARFS = 3
ZERO = Decimal(0)


def against(now: Decimal, then: Decimal | None, name: str) -> str:
    """`4.4 % above October`, `level with October`, or nothing where nothing is compared."""
    if then is None or not then:
        return ""
    ratio = (now - then) / abs(then)
    if abs(ratio) < LEVEL:
        return f"level with {name}"
    return f"{percent(now - then, then)} % {'above' if ratio > 0 else 'below'} {name}"


def month_headline(span: MonthSpan, *, currency: str, now: Decimal, then: Decimal | None) -> str:
    """Where the month stands and how that compares with the same days of the one before."""
    if span.is_whole:
        tail = against(now, then, span.before_name)
        return f"{span.name} cost {currency} {whole(now)}{tail and ', '}{tail}"
    tail = against(now, then, f"the same days of {span.before_name}")
    return f"{span.name} stands at {currency} {whole(now)} after {count(span.days, 'day')}{tail and ', '}{tail}"


def driver(rows: Sequence[Group], *, before: str, label: Callable[[str], str] = clean) -> str:
    """Who carried the change: the sentence over the chart by day."""
    compared = [row for row in rows if row.change is not None]
    if not compared:
        return largest(rows, label=label)
    changes = {row.name: row.change or ZERO for row in compared}
    top = max(compared, key=lambda row: abs(changes[row.name]))
    moved = changes[top.name]
    if not moved:
        return f"Nothing moved against {before}"
    others = sum(changes.values(), ZERO) - moved
    head = f"{_subject(top.name, label)} {_verb(moved)} by {whole(abs(moved))} against {before}"
    if len(compared) == 1:
        return head
    return f"{head}; all else {'stayed level' if abs(others) < abs(moved) / 10 else f'{_verb(others)} by {whole(abs(others))}'}"


def largest(rows: Sequence[Group], *, label: Callable[[str], str] = clean) -> str:
    """Who is the largest, where nothing is compared."""
    if not rows:
        return "Nothing was charged"
    of = sum((row.now for row in rows), ZERO)
    top = max(rows, key=lambda row: row.now)
    name = _subject(top.name, label)
    return f"{name} is {percent(top.now, of)} % of it" if len(rows) > 1 and of else f"{name} is all of it"


def months(buckets: Sequence[date], totals: Sequence[Decimal], *, open_month: date | None) -> str:
    """How the whole months went: the sentence over the chart by month. The open month is not judged."""
    known = [(bucket, value) for bucket, value in zip(buckets, totals, strict=True) if bucket != open_month]
    if not known:
        return "No month is whole yet"
    if len(known) == 1:
        return f"{month_name(known[0][0])} is the only whole month so far"
    (last, now), (_, then) = known[-1], known[-2]
    most = max(known, key=lambda pair: pair[1])
    tail = against(now, then, month_name(known[-2][0]))
    peak = "the highest so far" if most[0] == last else f"the highest was {month_name(most[0])}"
    return f"{month_name(last)} was {tail or 'the first with charges'}; {'it is ' if most[0] == last else ''}{peak}"


def moved(top: str, split: PriceUsage | None, *, same_way: bool) -> str:
    """Who moved the month most and, where the split is known, by what."""
    return f"{top} {'moved the month most' if same_way else 'moved most, against the month'}{_reason(split)}"


def _reason(split: PriceUsage | None) -> str:
    """`, and it was usage, not price`: said only of what dwarfs the rest."""
    if split is None:
        return ""
    parts = {"usage": abs(split.usage), "price": abs(split.price), "new": abs(split.new_or_gone), "rest": abs(split.rest)}
    top = max(parts, key=lambda name: parts[name])
    if parts[top] < DWARFS * sum((value for name, value in parts.items() if name != top), ZERO):
        return ""
    if top == "new":
        return ", as it started" if split.new_or_gone > 0 else ", as it stopped"
    return {
        "usage": ", and it was usage, not price",
        "price": ", and it was price, not usage",
        "rest": ", by charges that have no quantity",
    }[top]


def answer(subject: str, now: Decimal, then: Decimal | None, *, rows: Sequence[tuple[str, Decimal | None]]) -> str:
    """How an answer compares and which row carries the change; without a comparison, which row is largest."""
    if then is None:
        return f"{subject} comes to {whole(now)}"
    change = now - then
    if not then:
        return f"{subject} comes to {whole(now)}, where there was nothing before"
    if abs(change / then) < LEVEL:
        head = f"{subject} is level"
    else:
        head = f"{subject} is {percent(change, then)} % {'up' if change > 0 else 'down'}"
    moving = [(label, moved) for label, moved in rows if moved]
    if len(rows) < 2 or not moving:
        return head
    label, moved = max(moving, key=lambda row: abs(row[1] or ZERO))
    way = "up" if (moved or ZERO) > 0 else "down"
    if head.endswith("level") or (moved or ZERO) * change < 0:
        return f"{head}; {label} moved most, {way} by {whole(abs(moved or ZERO))}"
    most = abs(moved or ZERO) * 2 > abs(change)
    return f"{head}, and {label} is most of it" if most else f"{head}; {label} moved most, {way} by {whole(abs(moved or ZERO))}"


def invoices(rows: Sequence[Reconciled], month: str) -> str:
    """How a month stands to its invoices."""
    if not rows:
        return f"{month} holds nothing an invoice could speak of"
    bad = [row for row in rows if row.status == "out_of_tolerance"]
    missing = [row for row in rows if row.status == "no_invoice"]
    opened = [row for row in rows if row.status == "open"]
    came = len(rows) - len(missing) - len(opened)
    if bad:
        return f"{month} disagrees with {count(len(bad), 'invoice')} of {came}"
    if opened and not came:
        return f"{month} is open: its invoices are still to come"
    if not came:
        return f"No invoice was given for {month}, so nothing of it is reconciled"
    said = [f"{month} agrees with every invoice we have" if came > 1 else f"{month} agrees with the one invoice we have"]
    if missing:
        said.append(f"{_number(len(missing))} {'has' if len(missing) == 1 else 'have'} not come yet")
    if opened:
        said.append(f"{_number(len(opened))} {'is' if len(opened) == 1 else 'are'} still open")
    return "; ".join(said)


def books(rows: Sequence[Reconciled], *, held: int, late: int, restated: int) -> str:
    """The headline of Data health: are the books right, and what is not."""
    bad = sum(1 for row in rows if row.status == "out_of_tolerance")
    came = sum(1 for row in rows if row.invoice_total is not None and row.status != "open")
    if bad:
        first = f"{count(bad, 'invoice disagrees', 'invoices disagree')} with the books"
    elif came:
        first = "The books agree with the bills"
    else:
        first = "Nothing is reconciled yet: no invoice was given"
    after: list[str] = []
    if held:
        after.append(f"{_number(held)} {'delivery is' if held == 1 else 'deliveries are'} held back")
    if late:
        after.append(f"{_number(late)} {'source is' if late == 1 else 'sources are'} late")
    if restated:
        after.append(f"{_number(restated)} {'month was' if restated == 1 else 'months were'} delivered again")
    return f"{first}; {listed(after)}" if after else first


def _subject(name: str, label: Callable[[str], str]) -> str:
    return "What has no owner" if name == UNALLOCATED else label(name)


def _verb(change: Decimal) -> str:
    return "rose" if change > 0 else "fell"


def _number(value: int) -> str:
    words = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[value] if value < len(words) else str(value)
