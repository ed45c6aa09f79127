"""A station, its errands on their way, and the door at which it shows its password."""

from __future__ import annotations

from collections.abc import Sequence

from forecourt.domain.admission.keys import as_text, candidates, check_fast, is_fast
from forecourt.domain.admission.model import (
    Access,
    Entry,
    KeyForm,
    Password,
    PasswordState,
    SecurityProfile,
    needs_record,
)
from forecourt.domain.admission.passwords import SetPassword
from forecourt.domain.security_log.model import Kind, Note, NoteFilter
from tests.domain.world import ALL
from tests.support.carrying import Carried
from tests.support.workspace import PlainHasher

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
NOT_SUPPORTED = {"status": "NotSupported"}
REBOOT_REQUIRED = {"status": "RebootRequired"}

BASIC, TLS_BASIC, TLS_CERTIFICATE = (
    SecurityProfile.BASIC,
    SecurityProfile.TLS_BASIC,
    SecurityProfile.TLS_CERTIFICATE,
)


class Gate(Carried):
    """One station that speaks OCPP 1.6 and is on line."""

    # At the door

    @property
    def access(self) -> Access:
        caller = self.services.admissions.find(self.station.identity)
        assert caller is not None, "the station is not registered"
        return caller.access

    def profiles(self) -> tuple[SecurityProfile, ...]:
        """Those that are accepted now, the highest first."""
        return self.access.profiles

    def form(self) -> KeyForm | None:
        """How the station shows its first password."""
        return self.access.passwords[0].form

    @property
    def states(self) -> list[PasswordState]:
        return [one.state for one in self.access.passwords]

    def opens(self, password: bytes) -> bool:
        """True when the station would be let in with a password. Nothing is recorded."""
        return self._matching(password) is not None

    def connects(self, password: bytes | None = None, profile: SecurityProfile | None = None) -> bool:
        """The station connects with its profile, or another one, and is recorded where that changes something. False
        when it is refused."""
        access = self.access
        profile = access.profile if profile is None else profile
        if profile not in access.profiles:
            return False
        entry = Entry(profile=profile, is_tls=profile >= TLS_BASIC)
        if password is not None:
            found = self._matching(password)
            if found is None:
                return False
            used, form = found
            entry = Entry(profile=profile, is_tls=profile >= TLS_BASIC, password=used.number, form=form)
        if needs_record(access, entry):
            self.services.admissions.admitted(self.station, entry)
        return True

    def _matching(self, password: bytes) -> tuple[Password, KeyForm] | None:
        for form, candidate in candidates(password):
            for known in self.access.passwords:
                if known.state.is_accepted and _is_match(known.hashed, candidate):
                    return known, form
        return None

    # Passwords

    def has_password(self, secret: bytes = b"the first password") -> bytes:
        """The station has a password, set by hand."""
        self.sets(secret)
        return secret

    def sets(self, secret: bytes | None) -> SetPassword:
        """An operator sets this password, or one that is made."""
        return self.services.passwords.set(self.station, self.services.passwords.preparer.prepare(secret), "admin")

    def changes_password(self, **parameters: object) -> bytes:
        """A new password is on its way and was sent; what it is."""
        self.asks("ChangePassword", **parameters)
        action, payload = self.sends()
        assert (action, payload["key"]) == ("ChangeConfiguration", "AuthorizationKey")
        return bytes.fromhex(payload["value"])

    # The log

    @property
    def notes(self) -> Sequence[Note]:
        """All entries, oldest first."""
        return [one.note for one in reversed(self.services.security_log.list(NoteFilter(), ALL).items)]

    def last_kind(self) -> Kind:
        return self.notes[-1].kind

    @property
    def kinds(self) -> list[Kind]:
        return [note.kind for note in self.notes]


def _is_match(hashed: str, candidate: bytes) -> bool:
    if is_fast(hashed):
        return check_fast(hashed, candidate)
    return PlainHasher().is_match(hashed, as_text(candidate))
