"""The seal: how a total stands to the invoices that speak of it. No total is shown without one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bursar.domain.money import total
from bursar.lake.reports import Reconciled
from bursar.surfaces.web.display import ratio_percent

ICONS = {"ok": "s-ok", "tol": "s-tol", "open": "s-open", "none": "s-none", "bad": "s-bad"}
OF_STATUS = {"reconciled": "ok", "within_tolerance": "tol", "open": "open", "no_invoice": "none", "out_of_tolerance": "bad"}
ALL = Decimal("0.9995")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A kind (ok, tol, open, none, bad), the words, the difference in percent, and how much of the total invoices speak of."""

    kind: str
    words: str
    ratio: str = ""
    cover: str = ""

    @property
    def icon(self) -> str:
        """The symbol of the sprite that is drawn before the words."""
        return ICONS[self.kind]

    @property
    def text(self) -> str:
        """All of it as one sentence, for titles and exports."""
        return " ".join(part for part in (self.words, self.ratio and f"{self.ratio} %", self.cover and f"on {self.cover} % of it") if part)


def seal(rows: Iterable[Reconciled]) -> Seal:
    """The seal of a total that is made of these invoices' lines. The worst word wins; an open month is never 'reconciled'.

    The ratio is the sum of differences over the sum of invoices that came; the cover is the share of what we publish that
    any invoice speaks of, and is said whenever it is not all.
    """
    known = list(rows)
    status = {row.status for row in known}
    invoiced = [row for row in known if row.invoice_total is not None and row.status != "open"]
    if "out_of_tolerance" in status:
        bad = [row for row in invoiced if row.status == "out_of_tolerance"]
        return Seal(kind="bad", words="out of tolerance", ratio=_ratio(bad))
    if "open" in status:
        return Seal(kind="open", words="open month" if status == {"open"} else "open in part")
    if not invoiced:
        return Seal(kind="none", words="no invoice")
    cover = _cover(known, invoiced)
    if "within_tolerance" in status:
        return Seal(kind="tol", words="within tolerance", ratio=_ratio(invoiced), cover=cover)
    return Seal(kind="ok", words="reconciled to invoice", ratio=_ratio(invoiced), cover=cover)


def scope(
    rows: Iterable[Reconciled], *, periods: Sequence[str], currency: str, providers: frozenset[str] | None = None
) -> list[Reconciled]:
    """The invoices that speak of a total: of these billing periods, this currency and, if restricted, these providers."""
    wanted = set(periods)
    return [
        row
        for row in rows
        if row.billing_period in wanted and row.currency == currency and (providers is None or row.provider in providers)
    ]


def of_invoice(row: Reconciled) -> Seal:
    """The seal of one invoice."""
    kind = OF_STATUS.get(row.status, "none")
    words = {
        "ok": "reconciled to invoice",
        "tol": "within tolerance",
        "open": "open month",
        "none": "no invoice",
        "bad": "out of tolerance",
    }[kind]
    return Seal(kind=kind, words=words, ratio=_ratio([row]) if kind in {"ok", "tol", "bad"} else "")


def covered(rows: Sequence[Reconciled]) -> Decimal | None:
    """The share of billed cost that a received invoice of a closed month speaks of, by absolute amounts; None of nothing."""
    billed = total(abs(row.billed_cost) for row in rows)
    return (
        total(abs(row.billed_cost) for row in rows if row.invoice_total is not None and row.status != "open") / billed if billed else None
    )


def _cover(known: Sequence[Reconciled], invoiced: Sequence[Reconciled]) -> str:
    """How much of it, in percent, or nothing when it is all."""
    share = covered(known)
    if share is None or len(known) == len(invoiced) or share >= ALL:
        return "" if len(known) == len(invoiced) else "99.9"
    return f"{(share * 100).quantize(Decimal('0.1')):f}"


def _ratio(rows: Sequence[Reconciled]) -> str:
    """Σ difference / Σ invoice in percent."""
    invoices = total(row.invoice_total or Decimal(0) for row in rows)
    return ratio_percent(total(row.difference or Decimal(0) for row in rows) / invoices) if invoices else "0.00"
