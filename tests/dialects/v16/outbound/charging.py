"""A world with one station that is on line and speaks OCPP 1.6: operations go out to it, and its answers come back."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec

from forecourt.dialects.v16.outbound.profiles import to_charging_profile
from forecourt.domain.errands.model import Delivery, Errand, Failure, Order
from forecourt.domain.smart_charging.model import Assignment, AssignmentState, Profile
from forecourt.operations.reading import read_parameters
from tests.domain.smart_charging.profiles import a_draft
from tests.domain.world import ALL, World
from tests.schemas.official import Json, accepts, an_object
from tests.support.carrying import CATALOGUE, Carrying, payload_of


class ChargingWorld(World):
    """What an operator does, and what the station answers."""

    def __init__(self) -> None:
        super().__init__()
        self.station = self.a_station()
        self.carrying = Carrying(self.services, self.station)
        self.charging = self.services.smart_charging

    def a_kept(self, profile: Profile | None = None) -> int:
        """The number of a profile in the library."""
        return self.charging.add_profile(a_draft(profile)).number

    def does(self, operation: str, parameters: Mapping[str, Json], *, delivery: Delivery = Delivery.NOW) -> Errand:
        known = CATALOGUE[operation]
        params = read_parameters(json.dumps(parameters).encode(), known.params)
        return known.run(self.services, self.station, params, Order(asked_by="admin", delivery=delivery))

    def answers(self, answer: Json) -> dict[str, Json]:
        """The station answers what it is sent next; this is what that was. All payloads obey the official schemas."""
        command = self.carrying.does(**an_object(answer))
        said = payload_of(command)
        assert accepts(f"{command.action.name}Request", said)
        return an_object(said)

    def fails(self, failure: Failure) -> None:
        """What is sent next comes to nothing."""
        self.carrying.sends()
        self.carrying.comes_to_nothing(failure)

    def installs(self, number: int, connector_id: int = 1, *, status: str = "Accepted") -> int:
        """Assign a profile, have the station answer, and return the number of the assignment."""
        self.does("AssignChargingProfile", {"chargingProfile": number, "connectorId": connector_id})
        self.answers({"status": status})
        return max(one.number for one in self.history())

    def history(self) -> list[Assignment]:
        return list(self.charging.history(self.station, ALL).items)

    def states(self) -> list[tuple[int, AssignmentState]]:
        """Numbers of profiles and what is believed of them, in the order in which they were given."""
        return [(one.profile.profile_id, one.state) for one in reversed(self.history())]


def in_words(profile: Profile) -> dict[str, Json]:
    """A profile as an operator would write it by hand."""
    found = json.loads(msgspec.json.encode(to_charging_profile(profile)))
    assert isinstance(found, dict)
    return found
