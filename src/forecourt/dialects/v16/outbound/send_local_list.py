"""SendLocalList: replace or change the tags that a station may admit by itself (OCPP 1.6 §5.15)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from forecourt.dialect import Command, carries, hears, warns
from forecourt.dialects.v16.messages.datatypes import AuthorizationData, AuthorizationStatus, IdTagInfo
from forecourt.dialects.v16.messages.send_local_list import (
    SEND_LOCAL_LIST,
    SendLocalListRequest,
    SendLocalListResponse,
)
from forecourt.dialects.v16.translate import or_none, or_unset
from forecourt.domain.errands.intents import ListEntry, UpdateLocalList
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.local_list.model import UpdateStatus
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services

_FULL: Final = "Full"


@carries(UpdateLocalList)
def send_local_list(intent: UpdateLocalList, _station: Station) -> Command:
    words = SendLocalListRequest(
        list_version=intent.version,
        local_authorization_list=[_to_data(entry) for entry in intent.entries],
        update_type=_FULL if intent.is_full else "Differential",
    )
    return Command(SEND_LOCAL_LIST, words)


@hears(SEND_LOCAL_LIST)
def local_list_answered(
    asked: SendLocalListRequest,
    told: SendLocalListResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    services.local_lists.answered(
        station,
        errand,
        version=asked.list_version,
        is_full=asked.update_type == _FULL,
        entries=_entries(asked),
        status=UpdateStatus(told.status),
    )


@warns(SEND_LOCAL_LIST)
def looks_wrong(asked: SendLocalListRequest, station: Station, services: Services) -> Sequence[str]:
    return services.local_lists.problems(
        station, version=asked.list_version, is_full=asked.update_type == _FULL, entries=_entries(asked)
    )


def _to_data(entry: ListEntry) -> AuthorizationData:
    if entry.status is None:
        return AuthorizationData(id_tag=entry.id_token)
    info = IdTagInfo(
        status=msgspec.convert(entry.status, AuthorizationStatus),
        expiry_date=or_unset(entry.expires_at),
        parent_id_tag=or_unset(entry.parent),
    )
    return AuthorizationData(id_tag=entry.id_token, id_tag_info=info)


def _entries(words: SendLocalListRequest) -> list[ListEntry]:
    return [_to_entry(data) for data in or_none(words.local_authorization_list) or ()]


def _to_entry(data: AuthorizationData) -> ListEntry:
    info = or_none(data.id_tag_info)
    if info is None:
        return ListEntry(data.id_tag)
    return ListEntry(data.id_tag, info.status, or_none(info.expiry_date), or_none(info.parent_id_tag))
