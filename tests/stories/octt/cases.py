"""The 77 cases that OCA's certification tool has for an OCPP 1.6 central system, and the mark of the tests for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pytest

MARK: Final = "case"


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the tool, which plays the station."""

    number: str
    """As in ``TC_…_CSMS``."""
    name: str
    missing: str = ""
    """What has to be built before there can be a test; empty for a case that has tests."""
    limit: str = ""
    """What of the case its tests leave out."""


SECTIONS: Final[dict[str, list[Case]]] = {
    "Core": [
        Case("001", "Cold boot"),
        Case("003", "Charging: cable first, then the tag"),
        Case("004_1", "Charging: tag first, then the cable"),
        Case("004_2", "Tag first, and no cable in time"),
        Case("005_1", "Cable pulled at the vehicle: stop and unlock"),
        Case("007", "Start with a tag from the station's cache"),
        Case("061", "Clear the cache"),
        Case("010", "Remote start, cable first"),
        Case("011_1", "Remote start, then the cable"),
        Case("011_2", "Remote start, and no cable in time"),
        Case("012", "Remote stop"),
        Case("013", "Hard reset"),
        Case("014", "Soft reset"),
        Case("017_1", "Unlock without transaction, loose cable"),
        Case("017_2", "Unlock without transaction, fixed cable"),
        Case("018_1", "Unlock during a transaction"),
        Case("019_1", "Read all configuration keys"),
        Case("019_2", "Read one configuration key"),
        Case("021", "Change a configuration key"),
        Case("023_1", "Authorize an unknown tag"),
        Case("023_2", "Authorize an expired tag"),
        Case("023_3", "Authorize a blocked tag"),
        Case("024", "The connector's lock fails"),
        Case("026", "Remote start refused"),
        Case("028", "Remote stop refused"),
        Case("030", "Unlock fails"),
        Case("031", "Unlock a connector that is not there"),
        Case("032_1", "Power failure, stop after the boot"),
        Case("037_1", "Start off line with a valid tag"),
        Case("037_3", "Start off line with an invalid tag"),
        Case("039", "Whole transaction off line"),
        Case("040_1", "Change a key that the station does not know"),
        Case("040_2", "Change a key to a value that the station refuses"),
        Case("064", "Data of an unknown vendor"),
    ],
    "Local authorization list": [
        Case("042_1", "Version of a list that is not supported"),
        Case("042_2", "Version of an empty list"),
        Case("043_1", "Send a list that is not supported"),
        Case("043_3", "Send a list, and it fails"),
        Case("043_4", "Send a full list"),
        Case("043_5", "Send a difference"),
    ],
    "Firmware and diagnostics": [
        Case("044_1", "Firmware downloaded and installed"),
        Case("044_2", "Firmware not downloaded"),
        Case("044_3", "Firmware not installed"),
        Case("045_1", "Diagnostics uploaded"),
        Case("045_2", "Diagnostics not uploaded"),
    ],
    "Reservation": [
        Case("046", "Reserve a connector, and charge there"),
        Case("047", "A reservation expires"),
        Case("048_1", "Reserve a connector that is faulted"),
        Case("048_2", "Reserve a connector that is occupied"),
        Case("048_3", "Reserve a connector that is unavailable"),
        Case("048_4", "Reservation refused"),
        Case("049", "Reserve the whole station"),
        Case("051", "Cancel a reservation"),
        Case("052", "Cancelling refused"),
        Case("053", "Use a reservation with another tag of the group"),
    ],
    "Remote trigger": [
        Case("054", "Trigger five messages, one after the other"),
        Case("055", "Trigger refused"),
    ],
    "Smart charging": [
        Case("056", "Default profile for a connector"),
        Case("057", "Profile for a running transaction"),
        Case("059", "Remote start with a profile"),
        Case("066", "Composite schedule"),
        Case("067", "Clear profiles by id, by criteria, and all"),
    ],
    "Security": [
        Case("073", "Change the station's password"),
        Case("074", "New station certificate"),
        Case("075_1", "Install a root for the maker's firmware"),
        Case("075_2", "Install a root for the central system"),
        Case("076", "Delete a certificate"),
        Case("077", "Station refuses its certificate"),
        Case("078", "Station refuses a root for the central system"),
        Case("079", "Security log uploaded"),
        Case("080", "Signed firmware installed"),
        Case("081", "Firmware with a signature that is wrong"),
        Case("083", "Raise the security profile"),
        Case("085", "Station signs in with a password"),
        Case("086", "Server's certificate"),
        Case("087", "Station's certificate"),
        Case("088", "Subprotocol"),
    ],
}

CASES: Final = {one.number: one for cases in SECTIONS.values() for one in cases}


def case(*numbers: str) -> pytest.MarkDecorator:
    """Marks a test of these cases; raises KeyError for a case that there is not."""
    for number in numbers:
        CASES[number]
    mark: pytest.MarkDecorator = getattr(pytest.mark, MARK)
    return mark(*numbers)
