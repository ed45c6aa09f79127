"""What one station is set to, what it should be set to, and how the two are brought together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.configuration.catalogue import KEYS, known_key
from forecourt.domain.configuration.model import MAX_NAME_CHARACTERS, MAX_VALUE_CHARACTERS, SettingSheet, fold
from forecourt.domain.configuration.service import APPLY, REFRESH
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.paging import Page
from forecourt.domain.provisioning.model import StationSheet
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.pages.security.asking import ask_one
from forecourt.web.pages.stations.looking import gone, look, place_of
from forecourt.web.visit import Typed, Visit, Visiting

CSV_COLUMNS: Final = ("stationId", "key", "value", "readonly", "desired", "drift", "awaitsRestart", "learnedAt")


class ConfigurationPages(Controller):
    path = "/stations/{name:str}"

    @get("/configuration", permission=Permission.VIEW)
    async def show(self, name: FromPath[str], visit: Visiting) -> Response[Any]:
        sought = fold(visit.query.text("search"))
        drift = visit.query.yes_or_no("drift")

        def read(services: Services, sheet: StationSheet) -> Mapping[str, object]:
            sheets = services.configuration.sheets(sheet.station)
            shown = [one for one in sheets if _matches(one, sought) and drift in (None, one.is_drifting)]
            return {
                "settings": shown,
                "known": len(sheets),
                "drifting": sum(one.is_drifting for one in sheets),
                "sendable": sum(one.is_drifting and not one.is_impossible for one in sheets),
                "read_at": services.configuration.snapshot(sheet.station).completed_at,
            }

        return await look(visit, name, "stations/configuration.html", read)

    @get("/configuration.csv", permission=Permission.VIEW)
    async def download(self, name: FromPath[str], visit: Visiting) -> Stream:
        """Raises DomainError NOT_FOUND."""
        identity = from_path(name)
        return await csv_download(
            visit.house.workspace,
            lambda services, _page: Page(
                services.configuration.sheets(services.provisioning.get_station(identity)), None
            ),
            columns=CSV_COLUMNS,
            rows=lambda sheet: _rows(identity, sheet),
            filename="configuration.csv",
        )

    @post("/configuration/read", permission=Permission.OPERATE, status_code=HTTPStatus.OK)
    async def read_again(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        done = _("The station is asked for its configuration as soon as it is on line.")
        return await _ask(visit, from_path(name), REFRESH, done)

    @post("/configuration/apply", permission=Permission.OPERATE, status_code=HTTPStatus.OK)
    async def apply(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        done = _("The desired values are sent as soon as the station is on line.")
        return await _ask(visit, from_path(name), APPLY, done)

    @get("/configuration/desire", permission=Permission.MANAGE)
    async def choose(self, name: FromPath[str], visit: Visiting) -> Response[Any]:
        return await _show_form(visit, name, None, visit.query.text("key", most=MAX_NAME_CHARACTERS))

    @post("/configuration/desire", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def desire(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        identity = from_path(name)
        key = form.text("key", most=MAX_NAME_CHARACTERS, is_required=True)
        value = form.text("value", most=MAX_VALUE_CHARACTERS)

        def work(services: Services) -> SettingSheet:
            station = services.provisioning.get_station(identity)
            return services.configuration.desire(station, key, value, visit.asked_by)

        if form.is_good:
            try:
                with form.refusals():
                    await visit.write(work)
                    done = _("It is written down that %(key)s should have this value. Apply it to send it.")
                    return visit.go(f"{place_of(identity)}/configuration", done % {"key": key})
            except DomainError:
                return await gone(visit, identity)
        return await _show_form(visit, name, form, key)

    @post("/configuration/forget", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def forget(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        identity, key = from_path(name), form.text("key", most=MAX_NAME_CHARACTERS)

        def work(services: Services) -> None:
            services.configuration.forget_desired(services.provisioning.get_station(identity), key)

        await visit.write(work)
        done = _("No value of %(key)s is desired any more; the station keeps what it has.")
        return visit.go(f"{place_of(identity)}/configuration", done % {"key": key})


async def _ask(visit: Visit, identity: str, operation: str, done: str) -> Response[Any]:
    """What the business refuses, such as that there is nothing to send, is told on the page that follows."""
    try:
        await ask_one(visit, operation, identity, {})
    except DomainError as error:
        if error.kind is Kind.NOT_FOUND:
            return await gone(visit, identity)
        if error.kind is Kind.UNAVAILABLE:
            raise
        done = translated(error.said)
    return visit.go(f"{place_of(identity)}/configuration", done)


async def _show_form(visit: Visit, name: str, form: Fields | None, key: str) -> Response[Any]:
    def read(services: Services, sheet: StationSheet) -> Mapping[str, object]:
        sheets = services.configuration.sheets(sheet.station)
        known = next((one for one in sheets if fold(one.name) == fold(key)), None)
        wanted = (
            known.desired.value if known and known.desired else known.setting.value if known and known.setting else ""
        )
        return {
            "fields": form or Fields.of(key=known.name if known else key, value=wanted),
            "known": known,
            "meaning": known_key(key),
        }

    return await look(visit, name, "stations/desire.html", read, form=form, keys=KEYS)


def _matches(sheet: SettingSheet, sought: str) -> bool:
    value = sheet.setting and not sheet.is_hidden and sheet.setting.value
    return sought in fold(sheet.name) or bool(value and sought in fold(value))


def _rows(station: str, sheet: SettingSheet) -> list[Sequence[Cell]]:
    setting, desired = sheet.setting, sheet.desired
    return [
        (
            station,
            sheet.name,
            None if setting is None else setting.value,
            None if setting is None else setting.is_read_only,
            None if desired is None else desired.value,
            sheet.is_drifting,
            setting is not None and setting.awaits_restart,
            None if setting is None else setting.learned_at,
        )
    ]
