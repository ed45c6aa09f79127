"""About this system: its version, where it is reached, whether it is well, and what browsers are given."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final, NamedTuple

from litestar import Controller, Response, get
from litestar.params import FromPath

from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import not_found
from forecourt.web.rendering import STATIC
from forecourt.web.visit import Visiting

OCPP: Final = ("1.6",)
PARTS: Final = ("database", "gateway", "files")
NAMES: Final = {
    "htmx": "htmx",
    "idiomorph": "idiomorph",
    "uplot": "uPlot",
    "icons": "Tabler Icons",
    "tabler": "Tabler",
}


class Licence(NamedTuple):
    """The licence of something that browsers are given."""

    key: str
    name: str
    text: str


class AboutPages(Controller):
    path = "/about"

    @get(permission=Permission.VIEW)
    async def show(self, visit: Visiting) -> Response[str]:
        house = visit.house
        missing = await house.is_ready()
        return visit.show(
            "system/about.html",
            surroundings=house.surroundings,
            parts=[(name, name not in missing) for name in PARTS],
            ocpp=OCPP,
            licences=licences(),
            now=house.clock.now(),
        )

    @get("/licences/{key:str}", permission=Permission.VIEW)
    async def licence(self, key: FromPath[str], visit: Visiting) -> Response[str]:
        for one in licences():
            if one.key == key:
                return visit.show("system/licence.html", licence=one)
        raise not_found("Nothing of that name is given to browsers.")


@functools.cache
def licences() -> Sequence[Licence]:
    found = ((path.stem, path) for path in sorted((STATIC / "vendor").glob("*.LICENSE")))
    return tuple(Licence(key, NAMES.get(key, key), path.read_text("utf-8")) for key, path in found)
