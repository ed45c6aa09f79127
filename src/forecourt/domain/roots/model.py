"""Root certificates at stations: what a station reported (M03), was given (M05) or removed (M04)."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NewType

from forecourt.domain.trust.held import Use
from forecourt.pki.certificate import Certificate
from forecourt.pki.hash_data import HashData

RootNumber = NewType("RootNumber", int)
"""Numbers what is known of roots at all stations from 1; it names one as long as the station has it."""

ROOT_USES: Final = (Use.CENTRAL_SYSTEM_ROOT, Use.MANUFACTURER_ROOT)
"""What stations have roots for (M03, M05)."""

MAX_INSTALLED: Final = 5_500
"""Characters of a certificate as PEM in InstallCertificate (security whitepaper §5)."""

MAX_ROOTS: Final = 200
"""Of one station and use; a report with more is cut."""

STORE_LENGTH: Final = "CertificateStoreMaxLength"
"""The setting that says how many root certificates a station can have (security whitepaper §7.2)."""
ADDITIONAL_CHECK: Final = "AdditionalRootCertificateCheck"
"""The setting with which a station takes a new root for the central system only if the present one signed it, and
gives the present one up by itself (M05.FR.08–13)."""


class Learned(enum.Enum):
    """How it became known that a station has a root."""

    REPORTED = "reported"
    """It said so in its last answer to GetInstalledCertificateIds."""
    INSTALLED = "installed"
    """It took it since, and was not asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRoot:
    """A root at a station."""

    number: RootNumber
    station: str
    use: Use
    named: HashData
    """As the station names it, to the letter (M04.FR.07); made here for one that it has not reported yet."""
    certificate: Certificate | None
    """The one that this names; None when none is known that fits."""
    is_going: bool = False
    """A deletion is on its way."""
    learned: Learned
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class KnownRoots:
    """What is known of a station's roots for one use."""

    use: Use
    roots: Sequence[StationRoot]
    reported_at: datetime | None
    """When the station last told all of them; None when it never did."""

    @property
    def certificates(self) -> list[Certificate]:
        return [one.certificate for one in self.roots if one.certificate is not None]

    @property
    def has_strangers(self) -> bool:
        """There are roots that fit no certificate that is known here."""
        return any(one.certificate is None for one in self.roots)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRoots:
    """What is known of one station, as far as its roots are concerned."""

    known: Mapping[Use, KnownRoots]
    """For each use."""
    limit: int | None
    """Its CertificateStoreMaxLength; None when that is not known."""
    checks: bool | None
    """Its AdditionalRootCertificateCheck (M05.FR.08–13); None when that is not known."""

    @property
    def count(self) -> int:
        return sum(len(one.roots) for one in self.known.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class RootFilter:
    """Which roots at registered stations to list; None means any."""

    station: str | None = None
    use: Use | None = None
    hash: str | None = None
    """A fingerprint, a serial number, or one of the two hashes by which a station names it."""
    is_known: bool | None = None
    """Those that fit a certificate that is known here, or those that do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCount:
    """At how many stations a root is."""

    use: Use
    fingerprint: str | None
    """None for all together that fit no certificate that is known here."""
    subject: str | None
    stations: int
    reported: int
    """At so many of them by the station's own report."""
