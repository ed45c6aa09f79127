"""Which entries of the security log the outside is told, and as what."""

from __future__ import annotations

from typing import Final

from forecourt.domain.events.kinds import Kind as Told
from forecourt.domain.events.service import Events
from forecourt.domain.security_log.model import REFUSALS, Kind, Note

_AS: Final = {
    Kind.CERTIFICATE_ISSUED: Told.CERTIFICATE_ISSUED,
    Kind.CERTIFICATE_DELIVERED: Told.CERTIFICATE_INSTALLED,
    Kind.CERTIFICATE_NOT_DELIVERED: Told.CERTIFICATE_NOT_INSTALLED,
    Kind.CERTIFICATE_EXPIRES: Told.CERTIFICATE_EXPIRES,
    Kind.CSR_REFUSED: Told.CERTIFICATE_REQUEST_REFUSED,
}

_NOT_OF_NOTE: Final = frozenset(
    {
        Kind.LINK_CLOSED,
        Kind.PASSWORD_OFFERED,
        Kind.PROFILE_OFFERED,
        Kind.PROFILE_ACCEPTED,
        Kind.ROOT_ROLLOVER,
        Kind.FILE_RECEIVED,
    }
)
"""Steps on the way to something that is told, and what is told in another way."""

_GRAVE_REFUSALS: Final = frozenset(
    {
        Kind.CREDENTIALS_FORMER,
        Kind.CREDENTIALS_OF_ANOTHER,
        Kind.TOO_MANY_ATTEMPTS,
        Kind.CERTIFICATE_REVOKED,
        Kind.CERTIFICATE_OF_ANOTHER,
        Kind.INTERNAL_FAILURE,
    }
)
"""Of what strangers can cause: what looks like an attempt to get in with something stolen. So many an hour are told."""

OF_NOTE: Final = (frozenset(Kind) - REFUSALS - _NOT_OF_NOTE - _AS.keys()) | _GRAVE_REFUSALS


def tell_note(events: Events, note: Note) -> None:
    """Tell the outside of an entry, if it is of note."""
    told = _AS.get(note.kind)
    subject = note.station or note.address or note.asked_by or "this system"
    if told is not None:
        events.tell(told, subject, {"reason": note.reason, "askedBy": note.asked_by}, station=note.station)
    elif note.kind in OF_NOTE and (note.kind not in REFUSALS or events.has_room(Told.SECURITY_NOTED)):
        data = {
            "kind": note.kind.value,
            "reason": note.reason,
            "address": note.address,
            "askedBy": note.asked_by,
            "count": note.count,
        }
        events.tell(Told.SECURITY_NOTED, subject, data, station=note.station)
