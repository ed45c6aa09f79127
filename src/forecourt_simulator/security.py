"""How a simulated station signs in, and how that changes (security whitepaper A00, A01, A05)."""

from __future__ import annotations

import base64
import enum
import re
import ssl
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509

from forecourt.dialects.v16.messages.change_configuration import ConfigurationStatus
from forecourt_simulator.certificates import Certificates
from forecourt_simulator.configuration import Configuration
from forecourt_simulator.misbehaviour import Misbehaviour, other_serial_number
from forecourt_simulator.moment import Moment
from forecourt_simulator.own_certificate import Own, OwnCertificates
from forecourt_simulator.security_log import SecurityLog
from forecourt_simulator.security_setup import SecuritySetup
from forecourt_simulator.tls import OLD_TLS, client_context

UPGRADE_TRIES: Final = 2
"""Connections that are tried with a new profile before the station falls back to the old one (A05.FR.08)."""

WRONG_PASSWORD: Final = b"not the password"

_KEY: Final = re.compile(r"(?:[0-9a-fA-F]{2}){16,20}", re.ASCII)
_PROFILE: Final = re.compile(r"[0-3]", re.ASCII)
_VERSION_FAULT: Final = re.compile("UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION|NO_PROTOCOLS")
_SUITE_FAULT: Final = re.compile("CIPHER|ALERT_HANDSHAKE_FAILURE")
"""OpenSSL's names of what can be wrong with the two."""

_BASIC_PROFILES: Final = (1, 2)
_TLS_PROFILE: Final = 2
_CERTIFICATE_PROFILE: Final = 3


class LineFault(enum.Enum):
    """What happens to the connection instead of an answer."""

    DROP = "drop"
    ANSWER_LATER = "answer later"
    """The answer is the first thing that is said on the next connection."""


@dataclass(frozen=True, slots=True)
class Change:
    """A new AuthorizationKey or SecurityProfile that the station has not taken yet."""

    key: str | None = field(default=None, repr=False)
    profile: int | None = None


def basic(user: str, password: bytes) -> str:
    """The Authorization header; passwords are bytes, and any bytes (OCPP-J 1.6 §6.2.2)."""
    return "Basic " + base64.b64encode(user.encode() + b":" + password).decode()


class Security:
    """What the station proves itself by. ``certificates`` says whom it trusts."""

    def __init__(self, identity: str, setup: SecuritySetup, *, configuration: Configuration, log: SecurityLog) -> None:
        self.profile = setup.profile
        self.key = setup.key
        self.trying: int | None = None
        """The profile of the next connections, as long as nobody knows whether it works."""
        self.is_reconnect_due = False
        self.line_fault: LineFault | None = None
        self.own = OwnCertificates(setup.own)
        self.shown: Own | None = None
        """The certificate of the newest attempt to connect."""
        self.connected_with: Own | None = None
        """That of the newest connection that came about."""
        self.certificates = Certificates()
        self.certificates.put("CentralSystemRootCertificate", setup.roots)
        self.setup = setup
        certified = None if setup.own is None else setup.own.common_name
        self.serial_number = setup.serial_number or certified or identity[:25]
        self.log = log
        self._identity = identity
        self._configuration = configuration
        self._tries = 0
        self._at_restart: list[Change] = []
        self._came_back = False
        self._has_lost_certificate = False
        configuration.put("SecurityProfile", str(setup.profile))

    def does(self, misbehaviour: Misbehaviour) -> bool:
        return misbehaviour in self.setup.misbehaviours

    def loses_certificate(self, misbehaviour: Misbehaviour) -> bool:
        """True once for a station that does this: the line breaks instead of an answer to CertificateSigned."""
        if not self.does(misbehaviour) or self._has_lost_certificate:
            return False
        self._has_lost_certificate = True
        self.line_fault = LineFault.DROP
        return True

    # What the next connection is made with

    @property
    def next_profile(self) -> int:
        return self.profile if self.trying is None else self.trying

    @property
    def is_tls_due(self) -> bool:
        """True when the next connection needs TLS; below that it depends on the address alone."""
        return self.next_profile >= _TLS_PROFILE

    @property
    def told_serial_number(self) -> str:
        """As BootNotification and requests for certificates name it."""
        if self.does(Misbehaviour.SERIAL_OF_ANOTHER):
            return other_serial_number(self.serial_number)
        return self.serial_number

    def authorization(self) -> str | None:
        """The Authorization header of the next connection, or None for one without (A00.FR.202 to FR.204)."""
        is_needed = self.next_profile in _BASIC_PROFILES or self.does(Misbehaviour.PASSWORD_ALWAYS)
        if not is_needed or self.key is None or self.does(Misbehaviour.NO_PASSWORD):
            return None
        if self.does(Misbehaviour.BROKEN_AUTHORIZATION):
            return "Basic ***"
        user = f"{self._identity}-X" if self.does(Misbehaviour.WRONG_USER) else self._identity
        return basic(user, self._password(self.key))

    def context(self, now: Moment) -> ssl.SSLContext:
        """The TLS of the next connection."""
        self.shown = self._shown(now)
        roots = self.certificates.trusted
        trusts_machine = self.setup.trusts_machine and not roots
        return client_context(
            None if trusts_machine else roots,
            own=self.shown,
            choice=OLD_TLS if self.does(Misbehaviour.OLD_TLS) else self.setup.tls,
            checks_server=not self.does(Misbehaviour.TRUSTS_ANYONE),
        )

    def _password(self, key: str) -> bytes:
        if self.does(Misbehaviour.WRONG_PASSWORD):
            return WRONG_PASSWORD
        return key.encode() if self.does(Misbehaviour.HEX_TEXT_PASSWORD) else bytes.fromhex(key)

    def _shown(self, now: Moment) -> Own | None:
        is_needed = self.next_profile == _CERTIFICATE_PROFILE or self.does(Misbehaviour.CERTIFICATE_ALWAYS)
        if not is_needed or self.does(Misbehaviour.NO_CERTIFICATE):
            return None
        return self.own.current(now.wall) or self.own.newest()

    # What the central system asks for

    def change_key(self, value: str, now: Moment) -> ConfigurationStatus:
        """ChangeConfiguration of AuthorizationKey (A01): 16 to 20 bytes in hexadecimal."""
        if self.does(Misbehaviour.NOT_SUPPORTED):
            return "NotSupported"
        if _KEY.fullmatch(value) is None or self.does(Misbehaviour.REJECTS_KEY):
            return "Rejected"
        if self.does(Misbehaviour.ACCEPTS_KEY_AND_KEEPS_OLD):
            self.is_reconnect_due = self.profile in _BASIC_PROFILES
            return "Accepted"
        return self._change(Change(key=value), now)

    def change_profile(self, value: str, now: Moment) -> ConfigurationStatus:
        """ChangeConfiguration of SecurityProfile (A05)."""
        if self.does(Misbehaviour.NOT_SUPPORTED):
            return "NotSupported"
        if _PROFILE.fullmatch(value) is None or self.does(Misbehaviour.REJECTS_PROFILE):
            return "Rejected"
        profile = int(value)
        if not self._may_take(profile, now):
            return "Rejected"
        if self.does(Misbehaviour.ACCEPTS_PROFILE_AND_STAYS):
            self.is_reconnect_due = True
            return "Accepted"
        return self._change(Change(profile=profile), now)

    def finish_restart(self, now: Moment) -> None:
        """What waited for a restart counts from now on."""
        waiting, self._at_restart = self._at_restart, []
        for change in waiting:
            self._take(change, now)
        self.is_reconnect_due = False

    def _may_take(self, profile: int, now: Moment) -> bool:
        """A05.FR.01 to FR.04."""
        has_key = self.key is not None and _KEY.fullmatch(self.key) is not None
        if profile <= self.profile:
            return profile < self.profile and self.does(Misbehaviour.LOWERS_PROFILE)
        if profile in _BASIC_PROFILES and not has_key:
            return False
        if profile >= _TLS_PROFILE and not self._has_root(now):
            return False
        return profile < _CERTIFICATE_PROFILE or self.own.current(now.wall) is not None

    def _has_root(self, now: Moment) -> bool:
        roots = self.certificates.central_system_roots
        return any(one.not_valid_before_utc <= now.wall <= one.not_valid_after_utc for one in roots)

    def _change(self, change: Change, now: Moment) -> ConfigurationStatus:
        if self.does(Misbehaviour.DROPS_BEFORE_TAKING):
            self.line_fault = LineFault.DROP
            return "Accepted"
        if self.does(Misbehaviour.REBOOT_REQUIRED):
            self._at_restart.append(change)
            return "RebootRequired"
        self._take(change, now)
        if self.does(Misbehaviour.DROPS_BEFORE_ANSWER):
            self.line_fault = LineFault.DROP
        if self.does(Misbehaviour.ANSWERS_AFTER_RECONNECT):
            self.line_fault = LineFault.ANSWER_LATER
        return "Accepted"

    def _take(self, change: Change, now: Moment) -> None:
        """The station reconnects when it signs in otherwise from now on (A01 step 3, A05.FR.05)."""
        if change.key is not None:
            self.key = change.key
            self.is_reconnect_due = self.profile in _BASIC_PROFILES
            self.log.add("ReconfigurationOfSecurityParameters", now, "AuthorizationKey")
        if change.profile is not None:
            self.trying, self._tries = change.profile, 0
            self.is_reconnect_due = True
            self.log.add("ReconfigurationOfSecurityParameters", now, f"SecurityProfile {change.profile}")

    # How a connection went

    def take_connection(self, anchor: x509.Certificate | None) -> None:
        """A connection stands; a profile that was tried counts from now on (A05.FR.07)."""
        self.is_reconnect_due = False
        self.connected_with = self.shown
        self.certificates.take_connection(anchor)
        if self.trying is None:
            return
        former, self.profile, self.trying = self.profile, self.trying, None
        self._configuration.put("SecurityProfile", str(self.profile))
        if self.does(Misbehaviour.COMES_BACK_LOWER) and former < self.profile and not self._came_back:
            self._came_back = self.is_reconnect_due = True
            self.trying, self._tries = former, 0

    def take_certificate_failure(self, now: Moment, reason: str) -> None:
        """The central system's certificate could not be verified (A00.FR.309, FR.413)."""
        self.certificates.take_failure()
        self.log.add("InvalidCentralSystemCertificate", now, reason)

    def take_tls_failure(self, now: Moment, reason: str) -> None:
        """The handshake failed for another reason (A00.FR.315, FR.322)."""
        if _VERSION_FAULT.search(reason):
            self.log.add("InvalidTLSVersion", now, reason)
        elif _SUITE_FAULT.search(reason):
            self.log.add("InvalidTLSCipherSuite", now, reason)

    def take_refusal(self, now: Moment, status: int) -> None:
        """The central system answered the opening request with an HTTP status."""
        if status in (401, 403):
            self.log.add("FailedToAuthenticateAtCentralSystem", now, f"HTTP status {status}")

    def take_failed_try(self) -> bool:
        """No connection came about, whatever the reason. Returns True when the station now falls back to the profile
        that it had (A05.FR.08)."""
        if self.trying is None:
            return False
        self._tries += 1
        if self._tries < UPGRADE_TRIES:
            return False
        self.trying = None
        return True
