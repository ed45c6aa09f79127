"""Which certificates are known to be at a station."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.params import PathParameter
from msgspec import Meta

from forecourt.api.access import access
from forecourt.api.paging import Listing, Paging, listing, part_of
from forecourt.api.trust_views import CertificateView, show_certificate
from forecourt.api.words import Works
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.services import Services
from forecourt.domain.trust.held import Held, How, Use


class HeldCertificateView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A certificate that a station took or showed."""

    use: Annotated[Use, Meta(description="What the station has it for.")]
    how: Annotated[How, Meta(description="How that became known, last.")]
    learned_at: Annotated[datetime, Meta(description="When that became known.")]
    certificate: Annotated[CertificateView, Meta(description="What is written in it.")]


def show_held(held: Held) -> HeldCertificateView:
    return HeldCertificateView(
        use=held.use,
        how=held.how,
        learned_at=held.learned_at,
        certificate=show_certificate(held.certificate),
    )


class HeldCertificates(Controller):
    tags = ("Trust",)
    opt = access(view=Permission.VIEW)

    @get(
        "/stations/{station_id:str}/certificates",
        summary="List the certificates of a station",
        operation_id="listStationCertificates",
    )
    async def list_all(
        self,
        station_id: Annotated[str, PathParameter(description="The station's identity.")],
        workspace: Works,
        page: Paging,
    ) -> Listing[HeldCertificateView]:
        """What it accepted when it was sent, or showed when it connected; what was learned last comes first."""
        wanted = from_path(station_id)

        def read(services: Services) -> Sequence[Held]:
            return services.trust.held(services.provisioning.get(wanted).station)

        return listing(part_of(await workspace.read(read), page), show_held)
