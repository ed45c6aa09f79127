"""The configuration of one station: what it told, what is desired, and how it is sent."""

from __future__ import annotations

import csv
import io

from forecourt.domain.errands.model import ErrandFilter
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import Station
from tests.web.door import Pages
from tests.web.pages.stations.fleet import Fleet


def told(pages: Pages) -> Station:
    """A station that has told its keys."""
    station = Fleet(pages).add("CP1")
    keys = [
        ("HeartbeatInterval", "900", False),
        ("GetConfigurationMaxKeys", "50", True),
        ("AuthorizationKey", "73656372", False),
        ("Vendor<i>Key</i>", "<s>v</s>", False),
    ]
    pages.services.configuration.told(station, [], keys, [])
    return station


def operations(pages: Pages) -> list[str]:
    page = pages.services.errands.list(ErrandFilter(station="CP1"), PageRequest())
    return [errand.operation for errand in page.items]


def test_keys_are_shown_with_what_they_mean(pages: Pages) -> None:
    told(pages)
    page = pages.get("/stations/CP1/configuration")
    assert page.has("HeartbeatInterval", "900", "GetConfigurationMaxKeys", "Read-only", "Vendor<i>Key</i>", "<s>v</s>")
    assert "<s>v" not in page.html
    assert page.has("secret, not shown")
    assert "73656372" not in page.html


def test_keys_are_searched_and_filtered(pages: Pages) -> None:
    station = told(pages)
    pages.services.configuration.desire(station, "HeartbeatInterval", "60", "me")
    assert not pages.get("/stations/CP1/configuration?search=heart").has("GetConfigurationMaxKeys")
    assert not pages.get("/stations/CP1/configuration?drift=yes").has("GetConfigurationMaxKeys")
    assert not pages.get("/stations/CP1/configuration?drift=no").has("HeartbeatInterval")
    assert pages.get("/stations/CP1/configuration?search=nowhere").has("No key matches")


def test_a_value_is_desired_applied_and_forgotten(pages: Pages) -> None:
    told(pages)
    form = pages.get("/stations/CP1/configuration/desire?key=heartbeatinterval")
    assert 'value="HeartbeatInterval"' in form.html
    assert 'value="900"' in form.html
    typed = {"key": "HeartbeatInterval", "value": "60"}
    assert pages.done("/stations/CP1/configuration/desire", typed).has(
        "It is written down", "60 Differs", "1 key differs"
    )
    assert pages.done("/stations/CP1/configuration/apply").has("The desired values are sent")
    assert operations(pages) == ["ApplyConfiguration"]
    done = pages.done("/stations/CP1/configuration/forget", {"key": "HeartbeatInterval"})
    assert done.has("No value of HeartbeatInterval is desired any more")
    assert not done.has("Differs")


def test_a_value_that_cannot_be_desired_is_told_beside_its_field(pages: Pages) -> None:
    told(pages)
    for key, sentence in [
        ("", "This is needed."),
        ("AuthorizationKey", "A password cannot be kept as a desired value"),
    ]:
        refused = pages.post("/stations/CP1/configuration/desire", {"key": key, "value": "0123"})
        assert refused.status == 422
        assert refused.has(sentence)
        assert 'id="key-fault"' in refused.html
    assert pages.post("/stations/CP1/configuration/desire", {"key": "K", "value": "x" * 501}).status == 422


def test_reading_again_asks_the_station(pages: Pages) -> None:
    told(pages)
    assert pages.done("/stations/CP1/configuration/read").has("The station is asked for its configuration")
    assert operations(pages) == ["RefreshConfiguration"]


def test_where_nothing_differs_nothing_is_sent_and_that_is_told(pages: Pages) -> None:
    told(pages)
    assert pages.done("/stations/CP1/configuration/apply").has("has every desired value already")
    assert operations(pages) == []


def test_the_configuration_is_downloaded_without_secrets(pages: Pages) -> None:
    told(pages)
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(pages.get("/stations/CP1/configuration.csv").html))}
    assert rows["HeartbeatInterval"]["value"] == "900"
    assert rows["AuthorizationKey"]["value"] == ""
    assert pages.get("/stations/gone/configuration.csv").status == 404
