"""A desk from which operations are asked for by name, and a station that answers in JSON."""

from __future__ import annotations

import json
from typing import Any

from forecourt.domain.errands.model import Errand, Order
from forecourt.operations.reading import read_parameters
from tests.domain.charging import ORDER, Site
from tests.schemas.official import Json, accepts, an_object
from tests.support.carrying import CATALOGUE, payload_of


class Desk(Site):
    """Asks for operations by name, and has the station answer in JSON."""

    def asks(self, operation: str, parameters: Json, *, order: Order = ORDER) -> Errand:
        known = CATALOGUE[operation]
        params = read_parameters(json.dumps(parameters).encode(), known.params)
        return known.run(self.services, self.station, params, order)

    def hears(self, answer: Json) -> tuple[str, Any]:  # JSON has no narrower type
        """The action and the payload that the station was sent before it answered this."""
        command = self.carrying.does(**an_object(answer))
        action, payload = command.action.name, payload_of(command)
        assert accepts(f"{action}Request", payload)
        assert accepts(f"{action}Response", answer)
        return action, payload
