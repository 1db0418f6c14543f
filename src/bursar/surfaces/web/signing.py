"""Who signs on a page: the name of the key they signed in with; while there are no keys, the user the server runs as.

On a simulated estate, where nothing is real, those without a key may say whom they speak for.
"""

from fastapi import Request

from bursar.acting import Acting
from bursar.actions.approve import Subject
from bursar.domain.errors import NotApproved
from bursar.surfaces.admission import principal_of
from bursar.surfaces.cli.subject import me
from bursar.surfaces.web.forms import Fields, check_local

LONGEST = 80


def subject(request: Request, acting: Acting, fields: Fields) -> Subject:
    """The verified subject of a sent form. Raises NotApproved where nobody is known."""
    if known := signed_in(request):
        return known
    check_local(request)
    named = fields.get("as", "").strip()[:LONGEST]
    if named and acting.estate.is_simulated:
        return Subject(name=named, role="approver", via="web")
    return local()


def who(request: Request) -> Subject:
    """Whoever looks, signing or not."""
    return signed_in(request) or local()


def known(request: Request, role: str) -> Subject:
    """Whoever looks, if they are known and their role is this or a higher one. Raises NotApproved otherwise."""
    principal = principal_of(request)
    if principal is None or principal.key is None:
        check_local(request)
    elif not principal.may(role):
        raise NotApproved(f"this asks for the role {role}; the key you signed in with has the role {principal.role}")
    return who(request)


def signed_in(request: Request) -> Subject | None:
    """The name and role of the key somebody signed in with."""
    principal = principal_of(request)
    return Subject(name=principal.name, role=principal.role, via="web") if principal is not None and principal.key is not None else None


def local() -> Subject:
    """The local administrator: making a plan on the command line and approving it here is one person doing both."""
    return Subject(name=me(), role="admin", via="web")
