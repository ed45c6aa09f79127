"""This system's own security log, kept apart from what stations report (security whitepaper A00.FR.323, A00.FR.408)."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NewType, Self

EntryNumber = NewType("EntryNumber", int)
"""Numbers all entries in the order in which they were written."""

MAX_REASON: Final = 500
MAX_STATION: Final = 255
MAX_ADDRESS: Final = 100
MAX_ASKED_BY: Final = 300
"""How many characters of a note's texts are kept: strangers choose some of them."""


class Kind(enum.Enum):
    """What happened. The value is its name in lists and exports, the summary is for people."""

    summary: str

    def __new__(cls, label: str, summary: str) -> Self:
        kind = object.__new__(cls)
        kind._value_ = label
        kind.summary = summary
        return kind

    # Refused at the door
    TLS_REFUSED = "tlsRefused", "A TLS handshake failed: its version, its suites, or a certificate nobody trusts."
    UNKNOWN_STATION = "unknownStation", "A station that is not registered was refused."
    CREDENTIALS_MISSING = "credentialsMissing", "A station came without the password that its profile demands."
    CREDENTIALS_MALFORMED = "credentialsMalformed", "An Authorization header could not be read."
    CREDENTIALS_WRONG = "credentialsWrong", "A station came with a wrong password."
    CREDENTIALS_FORMER = "credentialsFormer", "A station came with a password that was replaced."
    CREDENTIALS_OF_ANOTHER = "credentialsOfAnother", "The user name is not the identity in the URL."
    TOO_MANY_ATTEMPTS = "tooManyAttempts", "Guesses at a password were cut short."
    PROFILE_MISMATCH = "profileMismatch", "A station came with another security profile than its own."
    TLS_VERSION_REFUSED = "tlsVersionRefused", "A station came with an old version of TLS that is not excused in it."
    CERTIFICATE_MISSING = "certificateMissing", "A station of profile 3 came without a certificate."
    CERTIFICATE_REFUSED = "certificateRefused", "A certificate is not valid, or leads to no trusted one."
    CERTIFICATE_REVOKED = "certificateRevoked", "A certificate was revoked."
    REVOCATION_UNKNOWN = "revocationUnknown", "It could not be learned whether a certificate was revoked."
    ORGANISATION_MISMATCH = "organisationMismatch", "A certificate belongs to an organization that is not trusted."
    SERIAL_MISMATCH = "serialMismatch", "A certificate names another serial number than the station's."
    CERTIFICATE_OF_ANOTHER = "certificateOfAnother", "A certificate was issued for another station."
    ONBOARDING_REFUSED = "onboardingRefused", "Factory credentials were refused, because the station has its own."
    PROXY_HEADER_FROM_STRANGER = "proxyHeaderFromStranger", "Headers for proxies came from an address that is none."
    TOO_MANY_CONNECTIONS = (
        "tooManyConnections",
        "An address had too many connections that had not said what they want.",
    )
    PROXY_HEADER_REFUSED = "proxyHeaderRefused", "A listed proxy sent a header that cannot be read."

    # Ended
    LINK_CLOSED = "linkClosed", "A connection was closed, because what it was admitted for no longer holds."

    # Passwords and profiles
    PASSWORD_SET = "passwordSet", "An operator set a password."
    PASSWORD_OFFERED = "passwordOffered", "A new password is on its way to a station."
    PASSWORD_CHANGED = "passwordChanged", "A station has a new password."
    PASSWORD_REFUSED = "passwordRefused", "A new password came to nothing: refused, not sent or dropped."
    PASSWORD_DOUBTFUL = "passwordDoubtful", "It is not known whether a station took a new password."
    PROFILE_SET = "profileSet", "An operator set a security profile."
    PROFILE_LOWERED = "profileLowered", "An operator lowered a security profile."
    PROFILE_OFFERED = "profileOffered", "A station was asked to use a higher profile."
    PROFILE_ACCEPTED = "profileAccepted", "A station will use a higher profile."
    PROFILE_UPGRADED = "profileUpgraded", "A station connected with its new profile; the lower one is refused now."
    PROFILE_REFUSED = "profileRefused", "An upgrade came to nothing: refused or not sent."
    PROFILE_DOUBTFUL = "profileDoubtful", "It is not known whether a station took a higher profile."
    ACCESS_CHANGED = "accessChanged", "An operator changed what is excused or expected of a station."

    # The store
    TRUST_CHANGED = "trustChanged", "A trusted certificate was added, changed or removed."
    REVOCATION_CHANGED = "revocationChanged", "A certificate was entered as revoked, or taken out again."
    SERVER_CERTIFICATE_CHANGED = "serverCertificateChanged", "A server certificate was added, changed or removed."
    POLICY_CHANGED = "policyChanged", "The security policy was changed."
    LISTENER_FAILED = "listenerFailed", "A listener cannot use something that it was given."
    INTERNAL_FAILURE = "internalFailure", "Our own certificate code failed."

    # Certificates of stations
    CSR_REFUSED = "csrRefused", "A certificate signing request was refused."
    CERTIFICATE_DELIVERED = "certificateDelivered", "A station took a certificate."
    CERTIFICATE_NOT_DELIVERED = "certificateNotDelivered", "A station did not take a certificate."
    CERTIFICATE_ISSUED = "certificateIssued", "An authority issued a certificate."
    CERTIFICATE_EXPIRES = "certificateExpires", "A certificate in use expires soon."
    AUTHORITY_CHANGED = "authorityChanged", "A certificate authority was added, changed or removed, or made a key."
    AUTHORITY_FAILED = "authorityFailed", "A certificate authority refused, was silent or answered nonsense."
    ROOT_DELETED = "rootDeleted", "A station removed a root certificate."
    ROOT_ROLLOVER = "rootRollover", "The replacement of a root certificate at all stations went on."

    # Files
    FIRMWARE_CHANGED = "firmwareChanged", "A firmware image or a firmware key was added, signed, changed or removed."
    FILE_RECEIVED = "fileReceived", "A station uploaded a file."
    FILE_REMOVED = "fileRemoved", "An operator removed a file that a station uploaded."
    FILE_REFUSED = "fileRefused", "A file was not given out or not taken: no valid ticket, too large, or a bad name."


REFUSALS: Final = frozenset(
    {
        Kind.TLS_REFUSED,
        Kind.UNKNOWN_STATION,
        Kind.CREDENTIALS_MISSING,
        Kind.CREDENTIALS_MALFORMED,
        Kind.CREDENTIALS_WRONG,
        Kind.CREDENTIALS_FORMER,
        Kind.CREDENTIALS_OF_ANOTHER,
        Kind.TOO_MANY_ATTEMPTS,
        Kind.PROFILE_MISMATCH,
        Kind.TLS_VERSION_REFUSED,
        Kind.CERTIFICATE_MISSING,
        Kind.CERTIFICATE_REFUSED,
        Kind.CERTIFICATE_REVOKED,
        Kind.REVOCATION_UNKNOWN,
        Kind.ORGANISATION_MISMATCH,
        Kind.SERIAL_MISMATCH,
        Kind.CERTIFICATE_OF_ANOTHER,
        Kind.ONBOARDING_REFUSED,
        Kind.PROXY_HEADER_FROM_STRANGER,
        Kind.PROXY_HEADER_REFUSED,
        Kind.TOO_MANY_CONNECTIONS,
        Kind.INTERNAL_FAILURE,
        Kind.FILE_REFUSED,
    }
)
"""What anybody who reaches a listener can cause as often as he likes. Of these, old entries are given up; of all the
others none ever is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something to be written into the log. Texts that are too long are cut, and characters that no database keeps
    are replaced, when it is written."""

    kind: Kind
    reason: str
    """One sentence: what exactly, and what to do. Holds no secrets; may hold text that a stranger sent."""
    station: str | None = None
    """The identity in question, which need not be registered."""
    address: str | None = None
    asked_by: str | None = None
    """The operator, for what operators do."""
    count: int = 1
    """How often the same happened since the last note of it."""


@dataclass(frozen=True, slots=True)
class StoredNote:
    """An entry of the log."""

    number: EntryNumber
    note: Note
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFilter:
    """Which entries to list; None means any."""

    kinds: frozenset[Kind] | None = field(default=None)
    station: str | None = None
    address: str | None = None
    asked_by: str | None = None
    since: datetime | None = None
    until: datetime | None = None
