"""The settings of the process, as a page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from forecourt.app.shown_settings import shown_settings
from forecourt.config import Config, OidcConfig, SignInRole
from forecourt.domain.access.permissions import Role
from forecourt.settings import Secret
from tests.web.door import Building, Pages

CONFIG = Config(
    node="north",
    database=Secret("postgresql://forecourt:hunter2@db.example/forecourt"),
    oidc=OidcConfig(issuer="https://id.example", role_of=(("staff", SignInRole.OPERATOR), ("boss", SignInRole.ADMIN))),
)
ORIGINS = {"node": "FORECOURT_NODE", "database": "database", "oidc.issuer": "FORECOURT_OIDC_ISSUER"}


@pytest.fixture
def building_with_settings(building: Building) -> Iterator[Building]:
    with building.changed(settings=shown_settings(CONFIG, ORIGINS)):
        yield building


def test_settings_are_shown_with_where_they_come_from_and_what_they_mean(building_with_settings: Building) -> None:
    page = Pages(building_with_settings).get("/settings")

    assert page.has("[gateway]", "FORECOURT_GATEWAY_HEARTBEAT_SECONDS", "900", "Heartbeat interval told to stations")
    assert page.has("node FORECOURT_NODE north environment Name of this node")
    assert page.has("staff=operator, boss=admin", "set, and not shown file URL of the database")
    assert page.has("Security policy", "Notifications")


def test_secrets_are_not(building_with_settings: Building) -> None:
    html = Pages(building_with_settings).get("/settings").html
    assert "hunter2" not in html
    assert "db.example" not in html


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.SECURITY_OFFICER])
def test_only_administrators_see_them(pages: Pages, role: Role) -> None:
    pages.sign_in(role)
    assert pages.get("/settings").status == 403
