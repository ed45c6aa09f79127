"""What can be chosen for a parameter, as far as it is known here: offered beside the field, whatever the operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from forecourt.asgi.paths import connector_id
from forecourt.domain.configuration.catalogue import KEYS
from forecourt.domain.firmware.model import ImageFilter
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.reservation.model import ReservationFilter
from forecourt.domain.services import Services
from forecourt.domain.smart_charging.model import ProfileFilter
from forecourt.domain.transactions.model import TransactionFilter
from forecourt.domain.trust.model import TrustFilter
from forecourt.web.pages.operations.widgets import Look, Widget
from forecourt.web.wording import label

Choices: TypeAlias = Sequence[tuple[str, str]]
"""Values, each with what it is."""

MOST: Final = PageRequest(200)
"""A longer list helps nobody to choose."""


def choices_for(services: Services, widgets: Iterable[Widget], station: str | None) -> Mapping[str, Choices]:
    """Field of the form → what can be chosen. What belongs to a station is offered when there is only one."""
    found: dict[str, Choices] = {}
    only = None if station is None else services.provisioning.find_station(station)
    by_word: dict[str, Choices] = {}
    for widget in widgets:
        if widget.look not in (Look.LINE, Look.NUMBER, Look.LINES):
            continue
        if widget.word not in by_word:
            by_word[widget.word] = list(_choices(services, widget.word, only))
        if by_word[widget.word]:
            found[widget.name] = by_word[widget.word]
    return found


def _choices(services: Services, word: str, station: Station | None) -> Iterator[tuple[str, str]]:
    if word in _GENERAL:
        yield from _GENERAL[word](services)
    elif station is not None and word in _OF_A_STATION:
        yield from _OF_A_STATION[word](services, station)


def _id_tags(services: Services) -> Iterator[tuple[str, str]]:
    for tag in services.authorization.list(None, MOST).items:
        yield tag.id_token, tag.note or tag.parent or ""


def _groups(services: Services) -> Iterator[tuple[str, str]]:
    parents = {tag.parent for tag in services.authorization.list(None, MOST).items if tag.parent}
    yield from ((parent, "") for parent in sorted(parents))


def _keys(_services: Services) -> Iterator[tuple[str, str]]:
    for key in sorted(KEYS, key=lambda one: one.name.casefold()):
        yield key.name, key.profile


def _profiles(services: Services) -> Iterator[tuple[str, str]]:
    for profile in services.smart_charging.list_profiles(ProfileFilter(), MOST).items:
        yield str(profile.number), f"{profile.name} ({profile.profile.purpose.value})"


def _images(services: Services) -> Iterator[tuple[str, str]]:
    for image in services.firmware_images.list(ImageFilter(), MOST).items:
        yield str(image.number), " ".join(filter(None, (image.words.name, image.words.vendor, image.words.version)))


def _roots(services: Services) -> Iterator[tuple[str, str]]:
    for trusted in services.trust.list(TrustFilter(is_enabled=True), MOST).items:
        yield trusted.certificate.fingerprint, str(trusted.certificate.subject)


def _connectors(services: Services, station: Station) -> Iterator[tuple[str, str]]:
    for evse in services.provisioning.get(station.identity).evses:
        yield str(connector_id(evse.report.place)), label(evse.report.status)


def _transactions(services: Services, station: Station) -> Iterator[tuple[str, str]]:
    wanted = TransactionFilter(station=station.identity, is_active=True)
    for one in services.transactions.list(wanted, MOST).items:
        yield str(one.transaction_id), f"{one.id_token} @ {connector_id(one.evse)}"


def _reservations(services: Services, station: Station) -> Iterator[tuple[str, str]]:
    wanted = ReservationFilter(station=station.identity, is_open=True)
    for one in services.reservations.list(wanted, MOST).items:
        yield str(one.reservation_id), f"{one.id_token} @ {connector_id(one.place)}"


def _assignments(services: Services, station: Station) -> Iterator[tuple[str, str]]:
    for one in services.smart_charging.present(station):
        yield str(one.number), f"{one.profile.purpose.value} @ {connector_id(one.place)}"


def _installed_roots(services: Services, station: Station) -> Iterator[tuple[str, str]]:
    for known in services.roots.of_station(station):
        for root in known.roots:
            named = "" if root.certificate is None else str(root.certificate.subject)
            yield str(root.number), f"{known.use.value} {named}".strip()


_GENERAL: Final[Mapping[str, Callable[[Services], Iterator[tuple[str, str]]]]] = {
    "idTag": _id_tags,
    "parentIdTag": _groups,
    "key": _keys,
    "keys": _keys,
    "chargingProfile": _profiles,
    "image": _images,
    "fingerprint": _roots,
}
_OF_A_STATION: Final[Mapping[str, Callable[[Services, Station], Iterator[tuple[str, str]]]]] = {
    "connectorId": _connectors,
    "transactionId": _transactions,
    "reservationId": _reservations,
    "assignment": _assignments,
    "number": _installed_roots,
}
"""The words of parameters, which are the same in all operations."""
