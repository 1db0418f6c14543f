"""Everything that can go wrong, grouped by who can mend it.

BursarError
├── ConfigError      the operator: a setting, a rules file, a command line
│   └── QuestionError  a question that cannot be asked, with the place (query.errors)
├── BillError        whoever delivers the bill: it is quarantined and said, all else goes on
│   └── OverLimit    a file that would not fit in the box it is parsed in
├── Unavailable      nobody here: the other side failed; the only kind that is ever retried
└── Refused          nobody: a guard said no
    ├── NotApproved    the approvals do not cover it
    ├── PolicyDenied   the policy engine did not allow it, or did not answer
    └── StalePlan      the world is not as the plan saw it

Exit codes and HTTP statuses are chosen by `surfaces`, never here.
"""


class BursarError(Exception):
    """A failure with a cause and a cure, both written for the person who reads them.

    `message` says what is wrong and names the file, row or setting; `cure` says what to do next and may be
    empty when there is nothing to do.
    """

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure

    def __str__(self) -> str:
        """The cause alone; surfaces print the cure on a line of its own."""
        return self.message


class ConfigError(BursarError):
    """The operator's input cannot be acted upon: a setting, a rules file, an argument."""


class BillError(BursarError):
    """A delivery that does not parse or does not add up. It is quarantined; the live one stays."""


class OverLimit(BillError):
    """A delivery that exceeded the memory, time, size or row limit of the ingest child."""


class Unavailable(BursarError):
    """The other side did not answer, or answered that it cannot now. Worth trying again.

    `retry_after` is how many seconds it asked to be left alone; `untouched` is whether it is certain that nothing
    was done there. Where it is not, whoever asked finds out before asking again.
    """

    def __init__(self, message: str, *, cure: str = "", retry_after: float | None = None, untouched: bool = False) -> None:
        super().__init__(message, cure=cure)
        self.retry_after = retry_after
        self.untouched = untouched


class Refused(BursarError):
    """A guard said no; nothing was changed."""


class NotNow(Refused):
    """Not at this time: later the same may be allowed."""


class NotApproved(Refused):
    """Approvals are missing, too few, expired, used, or not by somebody who may give them."""


class PolicyDenied(Refused):
    """A policy says no, or nobody could ask: no answer is a no."""


class StalePlan(Refused):
    """A resource is not as the plan saw it; what was approved would not be what happens."""
