"""The security policy in the database: one row, and none until an operator decides something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Column, Table

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.trust.model import Policy, RevocationMode
from forecourt.storage.schema import metadata, text
from forecourt.storage.unit_of_work import Unit

security_policy: Final = Table(
    "security_policy",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    text("cpo_name", is_required=False),
    text("trusted_organisations"),
    Column("new_station_profile", BigInteger, nullable=False),
    text("revocation"),
    text("listeners"),
    Column("renew_before_days", BigInteger),
    Column("renewals_per_minute", BigInteger),
)
"""The organizations are a JSON array, the listeners a JSON object of arrays of profiles. What says how certificates are
renewed is absent in a policy of a time when they were not."""

_DEFAULT: Final = Policy()
_encode: Final = msgspec.json.Encoder().encode
_read_names: Final = msgspec.json.Decoder(list[str]).decode
_read_listeners: Final = msgspec.json.Decoder(dict[str, list[int]]).decode


class PolicyRecords:
    """The PolicyStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self) -> Policy | None:
        row = self._unit.one(
            "SELECT cpo_name, trusted_organisations, new_station_profile, revocation, listeners, renew_before_days,"
            " renewals_per_minute FROM security_policy WHERE id = 1"
        )
        if row is None:
            return None
        cpo_name, organisations, profile, revocation, listeners, before_days, per_minute = row
        return Policy(
            cpo_name=cpo_name,
            trusted_organisations=tuple(_read_names(organisations)),
            new_station_profile=_profile(profile),
            revocation=_mode(revocation),
            listeners={name: _profiles(numbers) for name, numbers in _read_listeners(listeners).items()},
            renew_before_days=_DEFAULT.renew_before_days if before_days is None else before_days,
            renewals_per_minute=_DEFAULT.renewals_per_minute if per_minute is None else per_minute,
        )

    def put(self, policy: Policy) -> None:
        listeners = {name: sorted(map(int, profiles)) for name, profiles in sorted(policy.listeners.items())}
        self._unit.execute(
            "INSERT INTO security_policy"
            " (id, cpo_name, trusted_organisations, new_station_profile, revocation, listeners, renew_before_days,"
            " renewals_per_minute) VALUES (1, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " cpo_name = excluded.cpo_name, trusted_organisations = excluded.trusted_organisations,"
            " new_station_profile = excluded.new_station_profile, revocation = excluded.revocation,"
            " listeners = excluded.listeners, renew_before_days = excluded.renew_before_days,"
            " renewals_per_minute = excluded.renewals_per_minute",
            (
                policy.cpo_name,
                _encode(policy.trusted_organisations).decode(),
                int(policy.new_station_profile),
                policy.revocation.value,
                _encode(listeners).decode(),
                policy.renew_before_days,
                policy.renewals_per_minute,
            ),
        )


def _profile(number: int) -> SecurityProfile:
    """What another version wrote and this one does not know is taken as the strictest that it knows, here and below:
    a policy must not stop a gateway, nor open it."""
    return SecurityProfile(number) if number in _PROFILES else max(SecurityProfile)


def _profiles(numbers: Sequence[int]) -> frozenset[SecurityProfile]:
    return frozenset(SecurityProfile(number) for number in numbers if number in _PROFILES)


def _mode(value: str) -> RevocationMode:
    return RevocationMode(value) if value in _MODES else RevocationMode.HARD


_PROFILES: Final = frozenset(map(int, SecurityProfile))
_MODES: Final = frozenset(mode.value for mode in RevocationMode)
