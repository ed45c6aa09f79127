"""The settings of this process: what they are, where they come from, and how they are changed."""

from __future__ import annotations

from litestar import Controller, Response, get

from forecourt.domain.access.permissions import Permission
from forecourt.web.visit import Visiting


class SettingsPages(Controller):
    path = "/settings"

    @get(permission=Permission.ADMINISTER)
    async def show(self, visit: Visiting) -> Response[str]:
        return visit.show("system/settings.html", sections=visit.house.settings, file=visit.house.surroundings.file)
