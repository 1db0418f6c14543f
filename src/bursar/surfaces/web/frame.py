"""What every page has: where one is, what generation one sees, how it stands, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from bursar.surfaces.web.display import moment

THEMES = ("auto", "light", "dark")
PAGES = (
    ("overview", "/", "Overview"),
    ("explore", "/explore", "Explore"),
    ("anomalies", "/anomalies", "Anomalies"),
    ("budgets", "/budgets", "Budgets"),
    ("plans", "/plans", "Plans"),
    ("savings", "/savings", "Savings"),
    ("health", "/health", "Data health"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several: what it is called, where it leads, whether it is the present one; `number` of what waits there, `why` in words."""

    label: str
    href: str
    current: bool = False
    number: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something the reader must know before any number: a sentence, and where its cure is."""

    text: str
    href: str = ""
    link: str = ""
    is_bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What reproduces a block: the rows it sums, the command that prints it, the SQL that was run, and the same as a file.

    `generation` is the one it was made on, where that is not the page's; `costs` the command that prints the charges themselves.
    """

    id: str
    command: str
    sql: str = ""
    rows: str = ""
    lines_href: str = ""
    csv: str = ""
    json: str = ""
    generation: str = ""
    costs: str = ""
    lines_word: str = "the charge lines under it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The page around the page. `generation` is 0 while nothing was published; `attention` counts what Data health must show.

    `opened` counts open anomalies, `waiting` plans that wait for a word. `you` is who signed in, empty while nobody has to.
    """

    title: str
    here: str
    path: str
    theme: str = "auto"
    generation: int = 0
    published_at: datetime | None = None
    as_of: datetime | None = None
    attention: int = 0
    opened: int = 0
    waiting: int = 0
    you: str = ""
    notices: Sequence[Notice] = ()

    @property
    def nav(self) -> list[Choice]:
        """The pages there are, with what waits on each."""
        waits = {
            "health": (self.attention, "needs attention"),
            "anomalies": (self.opened, "open"),
            "plans": (self.waiting, "wait for a word"),
        }
        quiet = (0, "")
        return [
            Choice(label=label, href=href, current=key == self.here, number=waits.get(key, quiet)[0], why=waits.get(key, quiet)[1])
            for key, href, label in PAGES
        ]

    @property
    def themes(self) -> list[Choice]:
        """Auto, light, dark: links that set a cookie and come back to this page."""
        back = quote(self.path, safe="")
        return [Choice(label=theme, href=f"/theme/{theme}?back={back}", current=theme == self.theme) for theme in THEMES]

    @property
    def published(self) -> str:
        """`412, published 17 Nov 2026 23:40 UTC`."""
        return f"{self.generation}, published {moment(self.published_at)}" if self.published_at else str(self.generation)


def address(path: str, params: Mapping[str, str | None]) -> str:
    """A GET address of this site; what is empty is left out, what is foreign is percent-encoded."""
    given = {key: value for key, value in params.items() if value}
    return f"{path}?{urlencode(given, quote_via=quote, safe='')}" if given else path
