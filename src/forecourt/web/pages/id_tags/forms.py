"""What is typed about id tags in forms, and how it becomes tags."""

from __future__ import annotations

from dataclasses import replace

from forecourt.domain.authorization.model import MAX_NOTE_CHARACTERS, IdToken
from forecourt.domain.authorization.sheets import Sheet, SheetReader, known_owners
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.language import gettext, manner


def reader() -> SheetReader:
    """In the language and the time zone of the visitor."""
    return SheetReader(zone=manner().zone, say=gettext)


def read_token(form: Fields, id_token: str) -> tuple[IdToken, str]:
    """The tag of a form, and whom it names as the driver. What is wrong stands in the form."""
    most = form.number("maxActiveTransactions", low=-1)
    token = IdToken(
        id_token=id_token,
        parent=form.maybe_text("parentIdTag"),
        expires_at=form.moment("expiryDate"),
        is_blocked=form.flag("blocked"),
        max_active_transactions=None if most == -1 else most,
        note=form.text("note", most=MAX_NOTE_CHARACTERS).replace("\r\n", "\n"),
    )
    return token, form.text("driver")


def with_owner(services: Services, form: Fields, token: IdToken, owner: str) -> IdToken:
    """The tag with the driver who was named; refuses in the form somebody who is not known."""
    try:
        return replace(token, driver=reader().owner(owner, known_owners(services, [owner])))
    except ValueError as error:
        form.refuse("driver", str(error))
        return token


def form_of(token: IdToken) -> Fields:
    return Fields.of(
        parentIdTag=token.parent,
        expiryDate=token.expires_at,
        maxActiveTransactions="" if token.max_active_transactions is None else token.max_active_transactions,
        note=token.note,
        driver="" if token.driver is None else token.driver,
        blocked=token.is_blocked,
    )


# Many


def read_lines(text: str, like: IdToken, owner: str) -> Sheet:
    """One tag in a line, all alike but for their names."""
    sheet = Sheet()
    for line, name in enumerate(text.splitlines(), start=1):
        if name.strip():
            sheet.tokens.append((line, replace(like, id_token=name.strip())))
            if owner:
                sheet.owners[line] = owner
    reader().check_size(sheet)
    return sheet
