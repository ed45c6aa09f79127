"""About the system, as a page."""

from __future__ import annotations

from pathlib import Path

from forecourt.app.surroundings import look_around, open_provider, place_of
from forecourt.config import Config, OidcConfig, SignInRole
from forecourt.domain.access.permissions import Role
from forecourt.loading import read
from forecourt.settings import Secret
from forecourt.storage.database import Database
from forecourt.storage.migrating import upgrade
from forecourt.web.shown import Entrance
from tests.support.clock import FakeClock
from tests.web.door import Building, Pages


def test_version_health_and_licences_are_shown_to_everybody(pages: Pages) -> None:
    pages.sign_in(Role.VIEWER)
    page = pages.get("/about")

    assert page.has("Forecourt 1.2.3", "1.6", "Database Ready", "Stations can connect Ready", "htmx", "uPlot")
    assert 'href="/api/v1/docs"' in page.html


def test_a_part_that_is_not_ready_is_told(pages: Pages, building: Building) -> None:
    async def one_is_missing() -> list[str]:
        return ["gateway"]

    with building.changed(is_ready=one_is_missing):
        assert pages.get("/about").has("Stations can connect Not ready", "Database Ready")


def test_a_licence_is_shown_whole(pages: Pages) -> None:
    assert pages.get("/about/licences/uplot").has("Permission is hereby granted")
    assert pages.get("/about/licences/nothing").status == 404
    assert pages.get("/about/licences/..%2Fstamp").status == 404


def test_what_is_around_is_told_without_credentials(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    upgrade(url)
    config = read(
        {
            "FORECOURT_DATABASE": url,
            "FORECOURT_NODE": "north",
            "FORECOURT_STATIONS_TLS": "0.0.0.0:9443",
            "FORECOURT_FILES_URL": "https://files.example",
            "FORECOURT_FILES_TLS": "0.0.0.0:9003",
            "FORECOURT_CONSOLE_URL": "https://console.example",
        }
    )
    found = look_around(config, file="", started_at=FakeClock().now())

    assert found.node == "north"
    assert found.database == f"SQLite, {tmp_path / 'a.db'}"
    assert found.migration.isalnum()
    assert found.zone
    assert Entrance("wss", "stations", "wss://0.0.0.0:9443/ocpp/IDENTITY") in found.entrances
    assert Entrance("tls", "files", "https://files.example") in found.entrances
    assert Entrance("console", "REST", "https://console.example/api/v1") in found.entrances


def test_the_place_of_a_database_is_told_without_who_signs_in() -> None:
    database = Database("postgresql://forecourt:hunter2@db.example:5432/forecourt?sslkey=secret")
    assert place_of(database) == "db.example:5432/forecourt"


def test_a_provider_is_made_of_the_settings() -> None:
    oidc = OidcConfig(
        issuer="https://id.example",
        client_id="a",
        client_secret=Secret("b"),
        role_claim="groups",
        role_of=(("staff", SignInRole.SECURITY_OFFICER),),
    )
    openid = open_provider(Config(console_url="https://console.example", oidc=oidc), FakeClock())

    assert openid is not None
    assert openid.provider.redirect_uri == "https://console.example/sign-in/openid/back"
    assert openid.provider.roles == [("staff", Role.SECURITY_OFFICER)]
    assert openid.provider.client_secret == "b"
    assert open_provider(Config(), FakeClock()) is None


def test_the_settings_know_every_role() -> None:
    assert {role.value for role in SignInRole} == {role.value for role in Role}
