"""Installed certificates: which roots are at which stations, as they report them; read them again, or delete one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Controller, Response, get, post
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.paging import Page
from forecourt.domain.roots.model import ROOT_USES, KnownRoots, RootCount, RootFilter, StationRoot
from forecourt.domain.roots.service import DELETE, READ
from forecourt.domain.services import Services
from forecourt.domain.trust.held import Held, Use
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.asking import ask_one
from forecourt.web.visit import Typed, Visiting

COLUMNS: Final = (
    *("number", "stationId", "use", "learned", "learnedAt", "hashAlgorithm", "issuerNameHash", "issuerKeyHash"),
    *("serialNumber", "fingerprint", "subject", "notAfter"),
)


class InstalledCertificatePages(Controller):
    @get("/installed-certificates", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        """The roots of all stations; of one station also what it was given and has shown."""
        wanted = chosen(visit.query)

        def read(
            services: Services,
        ) -> tuple[Page[StationRoot], Sequence[RootCount], Sequence[KnownRoots], Sequence[Held]]:
            page = services.roots.search(wanted, visit.page())
            station = None if wanted.station is None else services.provisioning.find_station(wanted.station)
            if station is None:
                return page, services.roots.counts(), (), ()
            return page, (), services.roots.of_station(station), services.trust.held(station)

        page, counts, known, held = await visit.read(read)
        return visit.show(
            "security/installed.html",
            page=page,
            counts=counts,
            known=known,
            held=[one for one in held if one.use is Use.CHARGE_POINT],
            uses=ROOT_USES,
            now=visit.house.clock.now(),
        )

    @get("/installed-certificates.csv", permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        wanted = chosen(visit.query)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.roots.search(wanted, page),
            columns=COLUMNS,
            rows=_rows,
            filename="installed-certificates.csv",
        )

    @post("/installed-certificates/read", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def read_again(self, visit: Visiting, form: Typed) -> Response[Any]:
        return await _asked(visit, form, READ, {}, _("The station is asked for its root certificates."))

    @post("/installed-certificates/delete", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def delete(self, visit: Visiting, form: Typed) -> Response[Any]:
        number = form.number("number", low=1, high=2**63 - 1)
        parameters: dict[str, object] = {
            "use": form.text("use"),
            "number": number,
            "lastOne": form.flag("lastOne"),
            "needed": form.flag("needed"),
        }
        return await _asked(visit, form, DELETE, parameters, _("The station is asked to delete the root certificate."))


async def _asked(
    visit: Visiting, form: Fields, operation: str, parameters: dict[str, object], done: str
) -> Response[Any]:
    station = form.text("station", is_required=True)
    here = f"/installed-certificates?{urlencode({'stationId': station})}"
    await ask_one(visit, operation, station, parameters)
    return visit.go(here, done)


def chosen(query: Fields) -> RootFilter:
    use = query.choice("use", Use)
    return RootFilter(
        station=query.maybe_text("station"),
        use=use if use in ROOT_USES else None,
        hash=query.maybe_text("hash"),
        is_known=query.yes_or_no("known"),
    )


def _rows(root: StationRoot) -> Iterator[Sequence[Cell]]:
    known = root.certificate
    number: int = root.number
    yield (
        *(number, root.station, root.use.value, root.learned.value, root.learned_at),
        *(root.named.algorithm, root.named.issuer_name_hash, root.named.issuer_key_hash, root.named.serial),
        *((None, None, None) if known is None else (known.fingerprint, known.subject, known.not_after)),
    )
