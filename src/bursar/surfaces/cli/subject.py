"""Who speaks on the command line: the user of this machine, as the system knows it; somebody else only where nothing is real."""

import getpass
from typing import TYPE_CHECKING

from bursar.domain.errors import ConfigError

if TYPE_CHECKING:
    from bursar.acting import Acting
    from bursar.actions.approve import Subject


def me() -> str:
    """The user's name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "nobody"


def subject(acting: "Acting", named: str | None) -> "Subject":
    """The verified subject: this user, an administrator here; on a simulated estate whoever `--as` says, as an approver.

    Raises ConfigError for `--as` where an approval would be real.
    """
    from bursar.actions.approve import Subject

    if named is None:
        return Subject(name=me(), role="admin", via="cli")
    if not acting.estate.is_simulated:
        raise ConfigError("--as is for simulated estates", cure="Approve as yourself, or with an API key of your own.")
    return Subject(name=named, role="approver", via="cli")
