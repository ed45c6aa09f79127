"""The stores in memory: small and honest, for tests of the domain and of the doors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from forecourt.domain.access.model import ApiToken
from forecourt.domain.authorization.model import IdToken, UnknownToken, fold
from forecourt.domain.availability.model import EvseStatus
from forecourt.domain.data_transfer.model import ReceivedMessage, Vendor, VendorMessage
from forecourt.domain.evse import WHOLE_STATION, Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.presence.model import Epoch, LinkId, LinkRecord
from forecourt.domain.provisioning.model import (
    BootFacts,
    Registration,
    Station,
    StationDraft,
    StationFilter,
    StationKey,
    StationSheet,
    UnknownStation,
)
from tests.support.memory import (
    Memory,
    StationRow,
    contains,
    is_wanted,
    keep_latest,
    newest_first,
    page_of,
)

Item = TypeVar("Item")


class MemoryStations:
    """A StationStore."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def find(self, identity: str) -> Station | None:
        row = self._memory.find(identity)
        return None if row is None else row.station

    def add(self, draft: StationDraft, at: datetime) -> Station | None:
        rows = self._memory.stations
        if draft.identity not in self._memory.keys:
            key = self._memory.keys[draft.identity] = StationKey(len(rows) + 1)
            station = Station(key, draft.identity, draft.registration, draft.heartbeat_seconds)
            rows[key] = StationRow(station, draft.description, at)
            return station
        known = rows[self._memory.keys[draft.identity]]
        if known.removed_at is None:
            return None
        known.removed_at, known.created_at = None, at
        self.change(
            known.station.key,
            description=draft.description,
            registration=draft.registration,
            heartbeat_seconds=draft.heartbeat_seconds,
        )
        return known.station

    def change(
        self, key: StationKey, *, description: str, registration: Registration, heartbeat_seconds: int | None
    ) -> None:
        row = self._memory.stations[key]
        row.description = description
        row.station = replace(row.station, registration=registration, heartbeat_seconds=heartbeat_seconds)

    def remove(self, key: StationKey, at: datetime) -> None:
        self._memory.stations[key].removed_at = at

    def record_boot(self, key: StationKey, facts: BootFacts, at: datetime) -> None:
        row = self._memory.stations[key]
        row.facts, row.booted_at, row.last_seen_at = facts, at, at

    def record_contact(self, key: StationKey, at: datetime) -> None:
        self._memory.stations[key].last_seen_at = at

    def sheet(self, identity: str) -> StationSheet | None:
        row = self._memory.find(identity)
        return None if row is None else self._sheet(row)

    def sheets(self, wanted: StationFilter, page: PageRequest) -> Page[StationSheet]:
        sheets = [self._sheet(row) for row in self._memory.stations.values() if row.removed_at is None]
        return page_of((sheet for sheet in sheets if is_wanted(sheet, wanted)), page, lambda s: s.station.identity)

    def record_strangers(self, strangers: Sequence[UnknownStation], keep: int) -> None:
        known = self._memory.unknown_stations
        for new in strangers:
            old = known.get(new.identity)
            if old is None:
                known[new.identity] = new
            else:
                attempts = old.attempts + new.attempts
                known[new.identity] = replace(new, first_seen_at=old.first_seen_at, attempts=attempts)
        keep_latest(known, keep, lambda stranger: stranger.last_seen_at)

    def strangers(self, page: PageRequest) -> Page[UnknownStation]:
        return page_of(self._memory.unknown_stations.values(), page, lambda stranger: stranger.identity)

    def forget_stranger(self, identity: str) -> bool:
        return self._memory.unknown_stations.pop(identity, None) is not None

    def _sheet(self, row: StationRow) -> StationSheet:
        station = row.station
        return StationSheet(
            station=station,
            description=row.description,
            created_at=row.created_at,
            is_online=station.identity in self._memory.links,
            last_seen_at=row.last_seen_at,
            booted_at=row.booted_at,
            facts=row.facts,
            firmware_status=row.firmware_status,
            diagnostics_status=row.diagnostics_status,
            evses=MemoryAvailability(self._memory).present(station.key),
        )


class MemoryTags:
    """A TokenStore."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def find(self, id_token: str) -> IdToken | None:
        return self._memory.tags.get(fold(id_token))

    def add(self, token: IdToken, at: datetime) -> bool:
        return self._memory.tags.setdefault(fold(token.id_token), token) is token

    def replace(self, token: IdToken) -> bool:
        known = self.find(token.id_token)
        if known is None:
            return False
        self._memory.tags[fold(token.id_token)] = replace(token, id_token=known.id_token)
        return True

    def remove(self, id_token: str) -> bool:
        return self._memory.tags.pop(fold(id_token), None) is not None

    def list(self, search: str | None, page: PageRequest) -> Page[IdToken]:
        tags = self._memory.tags.values()
        found = (tag for tag in tags if contains(search, tag.id_token, tag.note, tag.parent or ""))
        return page_of(found, page, lambda tag: fold(tag.id_token))

    def record_stranger(self, id_token: str, station_key: int, at: datetime) -> None:
        station = self._memory.identity(station_key)
        old = self._memory.unknown_tags.get(fold(id_token))
        new = UnknownToken(id_token, station, at, at, 1)
        if old is not None:
            new = UnknownToken(id_token, station, old.first_seen_at, at, old.attempts + 1)
        self._memory.unknown_tags[fold(id_token)] = new

    def strangers(self, page: PageRequest) -> Page[UnknownToken]:
        return page_of(self._memory.unknown_tags.values(), page, lambda stranger: fold(stranger.id_token))

    def forget_stranger(self, id_token: str) -> bool:
        return self._memory.unknown_tags.pop(fold(id_token), None) is not None

    def prune_strangers(self, keep: int) -> None:
        keep_latest(self._memory.unknown_tags, keep, lambda stranger: stranger.last_seen_at)


class MemoryAvailability:
    """An AvailabilityStore."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def record(self, station_key: int, status: EvseStatus) -> None:
        self._memory.statuses.append((station_key, status))
        at = (station_key, status.report.place)
        known = self._memory.present.get(at)
        if known is None or known.at <= status.at:
            self._memory.present[at] = status

    def present(self, station_key: int) -> tuple[EvseStatus, ...]:
        found = [status for (key, _), status in self._memory.present.items() if key == station_key]
        return tuple(sorted(found, key=lambda status: _number(status.report.place)))

    def history(self, station_key: int, place: Place | None, page: PageRequest) -> Page[EvseStatus]:
        found = {
            n: status
            for n, (key, status) in enumerate(self._memory.statuses)
            if key == station_key and place in {None, status.report.place}
        }
        return newest_first(found, page)


class MemoryFirmware:
    """A FirmwareStore."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def record_status(self, station_key: int, status: str, at: datetime) -> None:
        self._memory.firmware.append((station_key, status, at))
        self._memory.stations[StationKey(station_key)].firmware_status = status


class MemoryDiagnostics:
    """A DiagnosticsStore."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def record_status(self, station_key: int, status: str, at: datetime) -> None:
        self._memory.diagnostics.append((station_key, status, at))
        self._memory.stations[StationKey(station_key)].diagnostics_status = status


class MemoryDataTransfer:
    """A DataTransferStore."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def find_vendor(self, vendor_id: str) -> Vendor | None:
        return self._memory.vendors.get(vendor_id)

    def put_vendor(self, vendor: Vendor) -> None:
        self._memory.vendors[vendor.vendor_id] = vendor

    def remove_vendor(self, vendor_id: str) -> bool:
        return self._memory.vendors.pop(vendor_id, None) is not None

    def vendors(self, page: PageRequest) -> Page[Vendor]:
        return page_of(self._memory.vendors.values(), page, lambda vendor: vendor.vendor_id)

    def record(self, station_key: int, message: VendorMessage, at: datetime) -> None:
        self._memory.messages.append(ReceivedMessage(self._memory.identity(station_key), message, at))

    def messages(self, page: PageRequest) -> Page[ReceivedMessage]:
        return newest_first(dict(enumerate(self._memory.messages)), page)


class MemoryLinks:
    """A LinkStore."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def open(
        self, station_key: int, link_id: LinkId, *, node: str, address: str, subprotocol: str, at: datetime
    ) -> Epoch:
        self._memory.last_epoch += 1
        epoch = Epoch(self._memory.last_epoch)
        station = self._memory.identity(station_key)
        self._memory.links[station] = LinkRecord(
            station=station,
            link_id=link_id,
            epoch=epoch,
            node=node,
            address=address,
            subprotocol=subprotocol,
            connected_at=at,
        )
        return epoch

    def close(self, station_key: int, link_id: LinkId) -> None:
        station = self._memory.identity(station_key)
        link = self._memory.links.get(station)
        if link is not None and link.link_id == link_id:
            del self._memory.links[station]

    def close_all(self, node: str) -> None:
        self._memory.links = {name: link for name, link in self._memory.links.items() if link.node != node}

    def ask_to_close(self, station: str) -> bool:
        link = self._memory.links.get(station)
        if link is None:
            return False
        self._memory.links[station] = replace(link, is_to_close=True)
        return True

    def to_close(self, node: str) -> list[tuple[str, LinkId]]:
        return [
            (link.station, link.link_id)
            for link in self._memory.links.values()
            if link.node == node and (link.is_to_close or self._memory.find(link.station) is None)
        ]

    def list(self, page: PageRequest) -> Page[LinkRecord]:
        return page_of(self._memory.links.values(), page, lambda link: link.station)


class MemoryAccess:
    """An AccessStore."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def add_token(self, token: ApiToken, digest: str) -> bool:
        if token.name in self._memory.tokens:
            return False
        self._memory.tokens[token.name] = (token, digest)
        return True

    def find_token(self, digest: str) -> ApiToken | None:
        return next((token for token, known in self._memory.tokens.values() if known == digest), None)

    def remove_token(self, name: str) -> bool:
        return self._memory.tokens.pop(name, None) is not None

    def tokens(self, page: PageRequest) -> Page[ApiToken]:
        return page_of((token for token, _ in self._memory.tokens.values()), page, lambda token: token.name)

    def find_password(self, account: str) -> str | None:
        return self._memory.passwords.get(account)

    def put_password(self, account: str, hashed: str) -> None:
        self._memory.passwords[account] = hashed


def _number(place: Place) -> int:
    return 0 if place is WHOLE_STATION else place
