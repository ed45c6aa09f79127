"""What stations in the field do wrong or in an unusual way, by name: for tests, and for ``--misbehave``."""

from __future__ import annotations

import enum
from typing import Self


class Misbehaviour(enum.Enum):
    """Each has a name and one line that says what the station does."""

    description: str

    def __new__(cls, name: str, description: str = "") -> Self:
        member = object.__new__(cls)
        member._value_ = name
        member.description = description
        return member

    # What it answers to a new AuthorizationKey or SecurityProfile (security whitepaper A01, A05)

    ACCEPTS_KEY_AND_KEEPS_OLD = (
        "accepts-key-and-keeps-old",
        "Accepts a new AuthorizationKey, reconnects, and goes on with the old one.",
    )
    ACCEPTS_PROFILE_AND_STAYS = (
        "accepts-profile-and-stays",
        "Accepts a higher SecurityProfile, reconnects, and goes on with the old one.",
    )
    COMES_BACK_LOWER = (
        "comes-back-lower",
        "After the first connection with a higher profile it tries the old one again, as if that still counted.",
    )
    LOWERS_PROFILE = "lowers-profile", "Accepts a lower SecurityProfile, which no station may (A05.FR.01)."
    REJECTS_KEY = "rejects-key", "Answers Rejected to every new AuthorizationKey."
    REJECTS_PROFILE = "rejects-profile", "Answers Rejected to every new SecurityProfile."
    NOT_SUPPORTED = "not-supported", "Answers NotSupported to every new AuthorizationKey and SecurityProfile."
    REBOOT_REQUIRED = (
        "reboot-required",
        "Answers RebootRequired to a new AuthorizationKey or SecurityProfile and takes it at its next start.",
    )
    DROPS_BEFORE_ANSWER = (
        "drops-before-answer",
        "Takes a new AuthorizationKey or SecurityProfile and loses the connection before it has answered.",
    )
    DROPS_BEFORE_TAKING = (
        "drops-before-taking",
        "Loses the connection instead of taking and answering a new AuthorizationKey or SecurityProfile.",
    )
    ANSWERS_AFTER_RECONNECT = (
        "answers-after-reconnect",
        "Takes a new AuthorizationKey or SecurityProfile, reconnects, and answers on the new connection only.",
    )

    # How it signs in (A00)

    HEX_TEXT_PASSWORD = "hex-text-password", "Signs in with the hexadecimal text of its AuthorizationKey."
    WRONG_PASSWORD = "wrong-password", "Signs in with another password than its AuthorizationKey."
    WRONG_USER = "wrong-user", "Signs in with another user name than its identity."
    NO_PASSWORD = "no-password", "Sends no user name and password although its profile demands them."
    BROKEN_AUTHORIZATION = "broken-authorization", "Sends an Authorization header that is not base64."
    PASSWORD_ALWAYS = "password-always", "Sends user name and password at every profile, also 0 and 3."

    # Its TLS, and what it does with certificates: A00, A02, M05

    OLD_TLS = "old-tls", "Offers TLS 1.1 and nothing else."
    NO_CERTIFICATE = "no-certificate", "Shows no certificate at profile 3."
    CERTIFICATE_ALWAYS = "certificate-always", "Shows its certificate in every TLS connection, also below profile 3."
    TRUSTS_ANYONE = "trusts-anyone", "Does not check the certificate of the central system."
    SERIAL_OF_ANOTHER = (
        "serial-of-another",
        "Names another station's serial number in BootNotification and in its certificate requests.",
    )
    ORGANISATION_OF_ANOTHER = (
        "organisation-of-another",
        "Names another organization than CpoName in its certificate requests.",
    )
    WEAK_KEY = "weak-key", "Asks for a certificate for an RSA key of 1024 bits."
    BROKEN_REQUEST = "broken-request", "Asks for a certificate with a request whose signature is wrong."
    REJECTS_ROOTS = "rejects-roots", "Answers Rejected to InstallCertificate, as if the certificate were not valid."
    REJECTS_CERTIFICATE = (
        "rejects-certificate",
        "Answers Rejected to CertificateSigned, as if the certificate were not valid.",
    )
    REJECTS_RENEWAL = (
        "rejects-renewal",
        "Answers Rejected to ExtendedTriggerMessage of SignChargePointCertificate.",
    )
    LOSES_CERTIFICATE = (
        "loses-certificate",
        "Loses the connection instead of taking its first CertificateSigned; it takes the next one.",
    )
    LOSES_CERTIFICATE_ANSWER = (
        "loses-certificate-answer",
        "Takes its first CertificateSigned and loses the connection before it has answered.",
    )


def other_serial_number(serial_number: str) -> str:
    """A serial number that is another station's, of at most 25 characters."""
    return f"{serial_number[:23]}-X"
