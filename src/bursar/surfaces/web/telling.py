"""Incidents in words: what they are called, how loud they are, how they stand, and what happened in one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

from bursar.anomaly.panel import OTHER, UNUSED
from bursar.anomaly.records import Kept
from bursar.anomaly.root_cause import OTHER_RESOURCES
from bursar.surfaces.web.display import clean, day_month, listed, money, month_name, percent, provider_name, whole

SEVERITIES = {
    "S1": ("bad", "v-critical", "critical"),
    "S2": ("bad", "v-high", "high"),
    "S3": ("warn", "v-medium", "medium"),
    "S4": ("low", "v-low", "low"),
}
VERDICTS = {"expected": "expected", "planned": "planned", "false": "false alarm", "true": "real problem"}
_STANDINGS = {
    "open": ("bad", "d-open", "open"),
    "closed": ("ok", "d-ok", "over"),
    "settled": ("low", "d-none", "new level"),
    "withheld": ("low", "d-late", "withheld"),
    "retracted": ("low", "d-again", "retracted"),
}
DIMENSIONS = {
    "team": "team", "service": "service", "env": "environment", "provider": "provider", "sub_account_id": "account",
    "service_name": "cloud service", "region_id": "region", "sku_id": "SKU", "resource_id": "resource",
}  # fmt: skip

OPAQUE = frozenset({"sub_account_id", "region_id", "sku_id", "resource_id"})
"""Names that say nothing alone: what they are is said before them."""
OPAQUE_WORDS = tuple(f"{DIMENSIONS[name]} " for name in sorted(OPAQUE))
LONGEST_TAIL = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A shape and a word."""

    kind: str
    icon: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One explanation of an excess: the values that name it, its part of the excess, its amount, and the SQL of its actual."""

    scope: Mapping[str, str | None]
    share: Decimal
    excess: Decimal
    sql: str

    @property
    def words(self) -> str:
        """The values, as they are called."""
        return words_of(self.scope)

    @property
    def dimensions(self) -> str:
        """What kinds of thing the values are."""
        return ", ".join(DIMENSIONS.get(name, clean(name)) for name in self.scope)


def value_words(name: str, value: str | None) -> str:
    """One value of a scope, as it is called."""
    kind = DIMENSIONS.get(name, clean(name))
    if value is None:
        return f"no {kind}"
    if value in {OTHER, OTHER_RESOURCES}:
        return f"every smaller {kind}"
    if name == "provider":
        return provider_name(value)
    return f"{kind} {_tail(clean(value, longest=400))}" if name in OPAQUE else clean(value, longest=60)


def words_of(scope: Mapping[str, str | None]) -> str:
    """A scope as people read it: `ml · training · prod`, or `the whole estate`."""
    return " · ".join(value_words(name, value) for name, value in scope.items()) or "the whole estate"


def name_of(one: Kept) -> str:
    """What an incident is about."""
    if one.detail.get("level") == UNUSED:
        return f"Unused commitments, {words_of(one.scope)}"
    return words_of(one.scope) if one.scope else "The whole estate"


def severity_of(one: Kept) -> Mark:
    """How loud it is."""
    kind, icon, word = SEVERITIES.get(one.severity, ("low", "v-low", clean(one.severity)))
    return Mark(kind=kind, icon=icon, word=word)


def standing_of(one: Kept) -> Mark:
    """How it stands: what somebody said of it, where that closed it, else what became of it."""
    kind, icon, word = _STANDINGS.get(one.status, ("low", "d-none", clean(one.status)))
    said = str(one.detail.get("closed_by", ""))
    return Mark(kind=kind, icon=icon, word=VERDICTS.get(said, clean(said)) if said and one.status != "open" else word)


def causes_of(one: Kept) -> list[Cause]:
    """The explanations that were found, best first."""
    told = cast("list[dict[str, object]]", one.detail.get("causes") or [])
    return [
        Cause(
            scope=cast("dict[str, str | None]", each["scope"]),
            share=Decimal(str(each["share"])),
            excess=Decimal(str(each["excess"])),
            sql=str(each.get("sql") or ""),
        )
        for each in told
    ]


def more_or_less(one: Kept) -> str:
    """`more` or `less`."""
    return "more" if one.direction == "up" else "less"


def span_of(one: Kept) -> str:
    """`since 12 November`, `on 9 November`, `from 27 October to 2 November`."""
    if one.status == "open":
        return f"since {_day(one.onset)}"
    return f"on {_day(one.onset)}" if one.onset == one.last_day else f"from {_day(one.onset)} to {_day(one.last_day)}"


def headline(one: Kept) -> str:
    """What happened, in one sentence."""
    verb = "has cost" if one.status == "open" else "cost"
    said = f"{name_of(one)} {verb} {whole(abs(one.excess))} {one.currency} {more_or_less(one)} than expected {span_of(one)}"
    if one.status == "settled":
        return f"{said}; that is its new level"
    if one.status == "retracted":
        return f"Taken back: {said}, by a bill that was restated since"
    return said


def lead(one: Kept) -> str:
    """The main reason, and what a day costs instead of what."""
    days = (one.last_day - one.onset).days + 1
    a_day = f"{whole(one.actual / days)} {'a day' if days > 1 else 'on that day'} instead of {whole(one.expected / days)}."
    causes = causes_of(one)
    is_ = "is" if one.status == "open" else "was"
    if not causes or not causes[0].scope:
        return f"It {is_} {a_day}"
    verb = "carries" if one.status == "open" else "carried"
    return f"{capital(causes[0].words)} {verb} {percent(causes[0].share, Decimal(1), digits_=0)} % of it. It {is_} {a_day}"


def list_headline(opened: list[Kept], total: int) -> str:
    """The list in one sentence: the loudest, and how many more."""
    if not opened:
        return "Nothing is open: every scope is inside its band" if total else "No anomaly was found"
    more = len(opened) - 1
    tail = f"; {more} more {'is' if more == 1 else 'are'} open" if more else ""
    return f"{headline(opened[0])}{tail}"


def list_lead(opened: list[Kept]) -> str:
    """How much all that is open comes to, each currency apart; scopes may share charges, so nothing is added up."""
    if not opened:
        return "When a scope leaves its band, it is listed here with its causes."
    kinds = [(len([one for one in opened if one.severity == level]), SEVERITIES[level][2]) for level in SEVERITIES]
    told = listed([f"{number} {word}" for number, word in kinds if number])
    return f"{len(opened)} open: {told}. Scopes may share charges, so their amounts are not added up."


def amount_words(value: Decimal, currency: str) -> str:
    """An amount with its sign and currency."""
    return f"{money(value, currency, signed=True)} {currency}"


def back_on(one: Kept) -> str:
    """The first day after it."""
    return day_month(one.last_day + timedelta(days=1))


def capital(text: str) -> str:
    """Ours begins a sentence with a capital; a foreign name stays as it is."""
    ours = (*OPAQUE_WORDS, "no ", "every ")
    return text[:1].upper() + text[1:] if text.startswith(ours) else text


def _tail(text: str) -> str:
    """The end of a long path, where paths differ."""
    return text if len(text) <= LONGEST_TAIL else f"…{text[1 - LONGEST_TAIL :]}"


def _day(day: date) -> str:
    return f"{day.day} {month_name(day)}"
