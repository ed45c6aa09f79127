"""GetLocalListVersion: which local list has a station? (OCPP 1.6 §5.10)"""

from __future__ import annotations

from forecourt.dialect import Command, carries, hears
from forecourt.dialects.v16.messages.get_local_list_version import (
    GET_LOCAL_LIST_VERSION,
    GetLocalListVersionRequest,
    GetLocalListVersionResponse,
)
from forecourt.domain.errands.intents import AskLocalListVersion
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@carries(AskLocalListVersion)
def get_local_list_version(_intent: AskLocalListVersion, _station: Station) -> Command:
    return Command(GET_LOCAL_LIST_VERSION, GetLocalListVersionRequest())


@hears(GET_LOCAL_LIST_VERSION)
def local_list_version_told(
    _asked: GetLocalListVersionRequest,
    told: GetLocalListVersionResponse,
    station: Station,
    services: Services,
    _errand: ErrandNumber,
) -> None:
    services.local_lists.reported(station, told.list_version)
