"""Who signs on a page: the user the server runs as; on a simulated estate, where nothing is real, whoever they say."""

from fastapi import Request

from bursar.acting import Acting
from bursar.actions.approve import Subject
from bursar.surfaces.cli.subject import me
from bursar.surfaces.web.forms import Fields, check_local

LONGEST = 80


def subject(request: Request, acting: Acting, fields: Fields) -> Subject:
    """The verified subject of a sent form, the same person as on this machine's command line. Raises NotApproved elsewhere."""
    check_local(request)
    named = fields.get("as", "").strip()[:LONGEST]
    if named and acting.estate.is_simulated:
        return Subject(name=named, role="approver", via="web")
    return local()


def local() -> Subject:
    """The local administrator: making a plan on the command line and approving it here is one person doing both."""
    return Subject(name=me(), role="admin", via="web")
