"""Passwords in forms: proved again before something that outlasts a session, and chosen anew."""

from __future__ import annotations

from forecourt.domain.access.account import check_new_password
from forecourt.domain.errors import DomainError
from forecourt.web.fields import WHOLE_FORM, Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.pages.people.sign_in import is_guessing
from forecourt.web.sign_in_desk import TooBusy
from forecourt.web.signing_in import address_of
from forecourt.web.visit import Visit


async def prove(visit: Visit, form: Fields, field: str = "ownPassword") -> None:
    """Refuses the form unless the field holds the visitor's own password: whoever finds an open browser does not get to
    keep the account. Somebody who signs in elsewhere has no password here, and is not asked for one."""
    name, typed = visit.asked_by, form.secret(field)
    credentials = await visit.read(lambda services: services.accounts.credentials(name))
    if credentials is None or not form.is_good:
        return
    if is_guessing(visit, form):
        return
    try:
        is_match = await visit.house.desk.is_match(visit.house.hasher, credentials.password_hash, typed)
    except TooBusy:
        form.refuse(WHOLE_FORM, busy())
        return
    if not is_match:
        form.refuse(field, _("This is not your password."))
        return
    visit.house.desk.attempts.give_back(address_of(visit))


async def new_password(visit: Visit, form: Fields, name: str) -> str | None:
    """The hash of the password that was typed twice, or None when the form has been refused."""
    password, again = form.secret("password"), form.secret("again")
    try:
        check_new_password(name, password)
    except DomainError as error:
        form.refuse("password", translated(error.said))
    if password != again:
        form.refuse("again", _("This is not the same password."))
    if not form.is_good:
        return None
    try:
        return await visit.house.desk.hash(visit.house.hasher, password)
    except TooBusy:
        form.refuse(WHOLE_FORM, busy())
        return None


def busy() -> str:
    return _("Many are signing in at the moment; try again in a moment.")
