"""The days a month page speaks of: the month as far as its data goes, the same days of the one before, and all of that one."""

from dataclasses import dataclass
from datetime import date, timedelta

from bursar.domain.periods import Period
from bursar.surfaces.web.display import month_name, span_words


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSpan:
    """A month up to its latest day with data, beside the month before. Ends are exclusive."""

    month: Period
    latest: date

    @property
    def start(self) -> date:
        """First day of the month."""
        return self.month.start

    @property
    def end(self) -> date:
        """The day after the latest one with data, within the month. Sums take the whole month; only words and comparisons end here."""
        return max(self.start + timedelta(days=1), min(self.month.end, self.latest + timedelta(days=1)))

    @property
    def before(self) -> Period:
        """The month before."""
        return self.month.shift(-1)

    @property
    def then_end(self) -> date:
        """The end of the same days in the month before; all of it once this month is whole."""
        if self.is_whole:
            return self.before.end
        return min(self.before.end, self.before.start + (self.end - self.start))

    @property
    def is_whole(self) -> bool:
        """Whether the data reaches the month's last day."""
        return self.end >= self.month.end

    @property
    def days(self) -> int:
        """Days with data so far."""
        return (self.end - self.start).days

    @property
    def length(self) -> int:
        """Days of the whole month."""
        return (self.month.end - self.start).days

    @property
    def buckets(self) -> list[date]:
        """Every day of the month, those to come included."""
        return [self.start + timedelta(days=index) for index in range(self.length)]

    @property
    def name(self) -> str:
        """`November`."""
        return month_name(self.start)

    @property
    def before_name(self) -> str:
        """`October`."""
        return month_name(self.before.start)

    @property
    def words(self) -> str:
        """`1 to 17 Nov 2026`."""
        return span_words(self.start, self.end)

    @property
    def before_words(self) -> str:
        """`1 to 17 Oct 2026`."""
        return span_words(self.before.start, self.then_end)
