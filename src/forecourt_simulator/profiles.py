"""The charging profiles that a simulated station keeps, and which it takes (OCPP 1.6 §3.13, §5.16)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec import UNSET

from forecourt.dialects.v16.messages.charging_profiles import ChargingProfile
from forecourt.dialects.v16.messages.clear_charging_profile import ClearChargingProfileRequest


@dataclass(frozen=True, slots=True)
class Installed:
    """A profile and the connector that it was set for; 0 for the station."""

    connector_id: int
    profile: ChargingProfile

    def is_in_place_of(self, other: Installed) -> bool:
        """True when setting this one ends the other: the same number, or the same rank, purpose and connector."""
        mine, its = self.profile, other.profile
        if mine.charging_profile_id == its.charging_profile_id:
            return True
        is_same_rank = (mine.stack_level, mine.charging_profile_purpose) == (
            its.stack_level,
            its.charging_profile_purpose,
        )
        return is_same_rank and self.connector_id == other.connector_id


@dataclass(slots=True)
class Profiles:
    """All that are installed, in the order in which they came."""

    _installed: list[Installed] = field(default_factory=list)

    def __iter__(self) -> Iterator[Installed]:
        return iter(list(self._installed))

    def put(self, new: Installed, *, at_most: int) -> bool:
        """False when the station cannot keep any more."""
        others = [one for one in self._installed if not new.is_in_place_of(one)]
        if len(others) >= at_most:
            return False
        self._installed = [*others, new]
        return True

    def clear(self, wanted: ClearChargingProfileRequest) -> bool:
        """Remove what matches; False when nothing did."""
        kept = [one for one in self._installed if not _is_meant(one, wanted)]
        is_cleared = len(kept) < len(self._installed)
        self._installed = kept
        return is_cleared

    def end_transaction(self, connector_id: int) -> None:
        """A TxProfile ends with its transaction (OCPP 1.6 §3.13.1)."""
        self._installed = [
            one
            for one in self._installed
            if one.connector_id != connector_id or one.profile.charging_profile_purpose != "TxProfile"
        ]


def _is_meant(one: Installed, wanted: ClearChargingProfileRequest) -> bool:
    """With an id the other fields do not count (OCPP 1.6 §5.5)."""
    if wanted.id is not UNSET:
        return one.profile.charging_profile_id == wanted.id
    asked = (
        (wanted.connector_id, one.connector_id),
        (wanted.charging_profile_purpose, one.profile.charging_profile_purpose),
        (wanted.stack_level, one.profile.stack_level),
    )
    return all(field is UNSET or field == value for field, value in asked)
