"""Charging profiles as they go over the wire (OCPP 1.6 §7.8)."""

from __future__ import annotations

from tests.stories.moments import ago
from tests.support.rest import Json


def schedule(**more: Json) -> Json:
    """Six amperes on three phases."""
    periods = [{"startPeriod": 0, "limit": 6.0, "numberPhases": 3}]
    return {"chargingRateUnit": "A", "chargingSchedulePeriod": periods, **more}


def absolute(number: int, purpose: str, *, stack_level: int = 0, **more: Json) -> Json:
    """A profile with times that are fixed, for a day."""
    return {
        "chargingProfileId": number,
        "stackLevel": stack_level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "validFrom": ago(hours=1),
        "validTo": ago(hours=-23),
        "chargingSchedule": schedule(duration=86_400, startSchedule=ago(hours=1)),
        **more,
    }


def relative(number: int, purpose: str, *, stack_level: int = 0, **more: Json) -> Json:
    """A profile with times that count from the start of charging."""
    return {
        "chargingProfileId": number,
        "stackLevel": stack_level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule(duration=300),
        **more,
    }
