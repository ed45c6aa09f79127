"""Reset: restart a station (OCPP 1.6 §5.14)."""

from __future__ import annotations

from forecourt.dialect import Command, carries
from forecourt.dialects.v16.messages.reset import RESET, ResetRequest
from forecourt.domain.errands.intents import Restart
from forecourt.domain.provisioning.model import Station


@carries(Restart)
def restart(intent: Restart, _station: Station) -> Command:
    return Command(RESET, ResetRequest(type="Hard" if intent.is_hard else "Soft"))
