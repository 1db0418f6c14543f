"""What Explore was asked, as its address holds it, and the neighbouring questions a link may lead to."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from bursar.query.catalogue import ALIASES
from bursar.query.filters import And, Compare, Field, Filter, In, Like, Missing, Not, all_of, field_text, fields_of, parse, to_text
from bursar.query.focus import focus_registry
from bursar.query.question import Query, read_fields, read_query, write_fields
from bursar.surfaces.web.display import clean, provider_name
from bursar.surfaces.web.frame import address

MOST_GROUPS = 3
ROWS = 50
"""Groups listed by name; the rest is one row, so that rows sum to the total."""
DRILL = {
    "team": "service", "service": "env", "env": "service_name", "provider": "service_name", "service_name": "sub_account_name",
    "service_category": "service_name", "region_id": "service_name", "billing_account_id": "sub_account_name",
    "sub_account_id": "resource_id", "sub_account_name": "resource_id", "resource_id": "", "resource_name": "", "sku_id": "resource_id",
}  # fmt: skip
"""What a row opens into; the empty name is the charge lines themselves."""
OPERATORS = {"is": "is", "not": "is not", "like": "contains", "none": "is not known"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The question by the names its address uses, all text, empty where left out."""

    metric: str = ""
    group_by: str = "provider"
    granularity: str = "day"
    window: str = ""
    period: str = ""
    compare: str = "previous_period"
    filter: str = ""
    currency: str = ""

    @classmethod
    def read(cls, params: Mapping[str, str]) -> "Asked":
        """The question of an address; names it does not know are another's business. A period silences the default window."""
        known = {field.name: params[field.name].strip() for field in fields(cls) if field.name in params}
        return cls(**known)

    def query(self) -> Query:
        """The question for the catalogue. Raises QuestionError naming the part that cannot be asked."""
        window = self.window or ("" if self.period else "month")
        parts = {"metric": self.metric, "group_by": self.group_by, "granularity": self.granularity, "filter": self.filter}
        compare = "" if self.compare == "none" else self.compare
        return read_query({**parts, "window": window, "period": self.period, "compare": compare, "top": str(ROWS)})

    def href(self, path: str = "/explore", **changes: str) -> str:
        """The address of this question with parts changed; what is usual stays out."""
        asked, usual = replace(self, **changes), Asked()
        texts = {field.name: str(getattr(asked, field.name)) for field in fields(asked)}
        return address(path, {name: text for name, text in texts.items() if text != getattr(usual, name)})

    @property
    def dimensions(self) -> list[str]:
        """The groupings, in order, as they are written."""
        return [field_text(field) for field in read_fields(self.group_by)][:MOST_GROUPS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One term of the filter: what it says, and the address without it."""

    subject: str
    verb: str
    value: str
    remove: str


def terms_of(text: str) -> tuple[Filter, ...]:
    """The terms that are ANDed at the top of a filter. Raises QuestionError when it cannot be read."""
    if not text.strip():
        return ()
    tree = parse(text)
    return tree.terms if isinstance(tree, And) else (tree,)


def terms_of_lines(text: str) -> tuple[tuple[Filter, ...], tuple[Filter, ...]]:
    """A filter's terms that the bill's lines know, and those they do not: owners are found by rules, no line carries them."""
    columns = focus_registry()
    terms = terms_of(text)
    known = tuple(term for term in terms if all(ALIASES.get(field.name, field.name) in columns for field in fields_of(term)))
    return known, tuple(term for term in terms if term not in known)


def joined(terms: tuple[Filter, ...]) -> str:
    """The filter of these terms, in its one canonical form."""
    return to_text(all_of(terms[0], *terms[1:])) if terms else ""


def chips(asked: Asked) -> list[Chip]:
    """The filter as removable terms."""
    terms = terms_of(asked.filter)
    return [_chip(term, asked.href(filter=joined(terms[:at] + terms[at + 1 :]))) for at, term in enumerate(terms)]


def added(asked: Asked, dimension: str, *, operator: str, value: str) -> Asked:
    """The question with one more term. Raises QuestionError for what is no dimension."""
    field = read_fields(dimension)[0]
    term: Filter = Missing(field=field) if operator == "none" else Compare(field=field, op="=", value=value)
    if operator == "like":
        escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        term = Like(field=field, pattern=f"%{escaped}%", fold=True)
    return narrowed(asked, Not(term=term) if operator == "not" else term)


def narrowed(asked: Asked, *more: Filter) -> Asked:
    """The question with these terms too; a term it already has is not said twice."""
    terms = terms_of(asked.filter)
    return replace(asked, filter=joined(terms + tuple(term for term in more if term not in terms)))


def drilled(asked: Asked, keys: tuple[str | None, ...]) -> tuple[str, str]:
    """Where a row opens: the address, and the dimension it is grouped by there (empty: the charge lines)."""
    dims = read_fields(asked.group_by)
    more = [Missing(field=dim) if key is None else Compare(field=dim, op="=", value=key) for dim, key in zip(dims, keys, strict=True)]
    inner = narrowed(asked, *more)
    fixed = {term.field.name for term in terms_of(inner.filter) if isinstance(term, Compare | Missing)}
    following = DRILL.get(dims[-1].name, "resource_id") if dims else "provider"
    while following and following in fixed:
        following = DRILL[following]
    if following:
        return replace(inner, group_by=following).href(), following
    return lines_href(inner), ""


def lines_href(asked: Asked) -> str:
    """The charge lines under a question; nothing where it is about owners only, as lines do not carry them."""
    known, unknown = terms_of_lines(asked.filter)
    usual = Asked()
    if unknown and not known:
        return ""
    return replace(asked, group_by=usual.group_by, granularity=usual.granularity, compare=usual.compare, metric="").href("/explore/lines")


def single(asked: Asked, name: str) -> str | None:
    """The one value the filter pins a dimension to, if it does."""
    for term in terms_of(asked.filter):
        if isinstance(term, Compare) and term.op == "=" and term.field.name == name and isinstance(term.value, str):
            return term.value
    return None


def grouped(asked: Asked, *names: str) -> Asked:
    """The question by other groupings."""
    return replace(asked, group_by=write_fields([Field(name=name) for name in names]))


def _chip(term: Filter, remove: str) -> Chip:
    """`provider is AWS`; what is more than one comparison is shown as it is written."""
    inner, is_negated = (term.term, True) if isinstance(term, Not) else (term, False)
    if isinstance(inner, Compare) and inner.op == "=":
        value = provider_name(str(inner.value)) if inner.field.name == "provider" else clean(inner.value)
        return Chip(subject=clean(field_text(inner.field)), verb="is not" if is_negated else "is", value=value, remove=remove)
    if isinstance(inner, Missing):
        return Chip(subject=clean(field_text(inner.field)), verb="is known" if is_negated else "is not known", value="", remove=remove)
    if isinstance(inner, In):
        values = ", ".join(clean(value, longest=30) for value in inner.values[:4]) + (
            f" and {len(inner.values) - 4} more" if len(inner.values) > 4 else ""
        )
        return Chip(
            subject=clean(field_text(inner.field)), verb="is not one of" if is_negated else "is one of", value=values, remove=remove
        )
    return Chip(subject="", verb="", value=clean(to_text(term), longest=120), remove=remove)
