"""Certificates at stations, and the replacement of a root at many of them."""

from __future__ import annotations

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.errands.model import ErrandFilter
from forecourt.domain.paging import PageRequest
from forecourt.domain.rollovers.model import RolloverNumber, RolloverState
from forecourt.domain.trust.held import How, Use
from forecourt.domain.trust.model import Purpose
from forecourt.pki.hash_data import HashData, hash_data
from tests.web.door import Pages
from tests.web.pages.security.certificates import NEXT, ROOT, SERVER, a_station, actions, serve, trust

CENTRAL = Use.CENTRAL_SYSTEM_ROOT
STRANGE = HashData("SHA512", "ab" * 64, "cd" * 64, "FFF")
OLD, NEW = ROOT.certificate, NEXT.certificate


@pytest.fixture
def town(pages: Pages) -> Pages:
    """CP-1 reports the old root and one that nobody knows; CP-2 reported nothing."""
    trust(pages, ROOT, NEXT, purpose=Purpose.SERVER)
    serve(pages, "former", root=ROOT)
    serve(pages, "next", root=NEXT, is_enabled=False)
    first = a_station(pages, "CP-1", profile=2, group="north")
    a_station(pages, "CP-2", profile=2)
    pages.services.roots.reported(first, CENTRAL, [hash_data(OLD, None, "SHA256"), STRANGE])
    return pages


def asked(pages: Pages) -> list[tuple[str, str]]:
    return [(one.station, one.operation) for one in pages.services.errands.list(ErrandFilter(), PageRequest()).items]


def plan(pages: Pages, **fields: str | list[str]) -> dict[str, str | list[str]]:
    return {
        "oldRoot": OLD.fingerprint,
        "newRoot": NEW.fingerprint,
        "which": "all",
        "serverCertificates": "next",
        **fields,
    }


def test_without_a_report_the_page_leads_to_reading(pages: Pages) -> None:
    page = pages.get("/installed-certificates")
    assert page.has("No root certificate")
    assert "/operations/ReadRootCertificates" in page.html


def test_what_stations_report_is_shown_and_what_is_unknown_is_marked(town: Pages) -> None:
    page = town.get("/installed-certificates")
    assert page.has("At how many stations", OLD.subject, "Unknown", "Import it into the trust store", "FFF")


@pytest.mark.parametrize(
    ("query", "known", "unknown"),
    [
        ("station=CP-1", True, True),
        ("station=CP-2", False, False),
        ("known=yes", True, False),
        ("known=no", False, True),
        (f"hash={OLD.fingerprint}", True, False),
        (f"hash={'AB' * 64}", False, True),
        ("hash=0xfff", False, True),
        ("use=ManufacturerRootCertificate", False, False),
        ("use=CentralSystemRootCertificate", True, True),
    ],
)
def test_what_is_at_stations_is_filtered(town: Pages, query: str, known: bool, unknown: bool) -> None:
    table = town.get(f"/installed-certificates.csv?{query}").html
    assert (OLD.fingerprint in table, "FFF" in table) == (known, unknown)
    page = town.get(f"/installed-certificates?{query}").text
    assert (OLD.subject in page, "FFF" in page) == (known, unknown)


def test_the_page_of_one_station_tells_its_own_certificate_and_when_it_was_read(town: Pages) -> None:
    station = town.services.provisioning.get_station("CP-1")
    town.services.trust.hold(station, Use.CHARGE_POINT, SERVER.certificate, How.PRESENTED)
    page = town.get("/installed-certificates?station=CP-1")
    assert page.has("Its own certificate", SERVER.certificate.subject, "Never read")


def test_roots_are_read_again_and_deleted_through_the_operations(town: Pages) -> None:
    assert town.done("/installed-certificates/read", {"station": "CP-1"}).has("is asked for its root certificates")
    number = town.services.roots.known(town.services.provisioning.get_station("CP-1"), CENTRAL).roots[1].number
    fields = {"station": "CP-1", "use": CENTRAL.value, "number": str(number), "lastOne": "yes", "needed": "yes"}
    assert town.done("/installed-certificates/delete", fields).has("is asked to delete", "Being deleted")
    assert set(asked(town)) == {("CP-1", "DeleteRootCertificate"), ("CP-1", "ReadRootCertificates")}
    assert town.post("/installed-certificates/delete", {**fields, "use": "nonsense"}).status == 422
    assert town.post("/installed-certificates/read", {"station": "CP-9"}).status == 404


def test_there_is_nothing_to_change_to_with_one_root(pages: Pages) -> None:
    trust(pages, ROOT, purpose=Purpose.SERVER)
    assert pages.get("/roll-overs").has("No plan")
    assert pages.get("/roll-overs/new").has("There is nothing to change to", "Make the next root")


def test_a_plan_is_begun_and_shown_with_its_stations(town: Pages) -> None:
    assert town.get("/roll-overs/new").has("Root that goes", OLD.subject, NEW.subject, "next")
    page = town.done("/roll-overs/new", plan(town, switchPercent="100", deleteOld="yes"))
    assert page.has("The plan is begun.", "Installing", OLD.subject, NEW.subject, "CP-1", "CP-2", "0 of 2", "At 100 %")
    assert town.get("/roll-overs").has("Installing", "0 / 2")
    assert town.get("/roll-overs?state=done").has("No plan")
    assert town.get("/roll-overs/1?step=failed").has("No station")
    assert town.get("/roll-overs/1/stations.csv").html.splitlines()[1].startswith("CP-1,")
    assert "installing" in town.get("/roll-overs.csv").html
    assert town.get("/roll-overs/9").status == 404


def test_stations_of_a_plan_are_chosen_by_group_or_name(town: Pages) -> None:
    assert not town.done("/roll-overs/new", plan(town, which="group", group="north")).has("CP-2")
    unknown = town.post("/roll-overs/new", plan(town, which="named", stations="CP-2\nCP-9"))
    assert unknown.status == 422
    assert unknown.has("Line 2: no station 'CP-9' is registered.")
    assert "CP-2\nCP-9" in unknown.html
    assert f'value="{NEW.fingerprint}" selected' in unknown.html
    assert town.post("/roll-overs/new", plan(town, which="named")).has("Name at least one station.")
    assert town.post("/roll-overs/new", plan(town, which="group", group="x")).has("No registered station is meant.")
    assert town.post("/roll-overs/new", plan(town, newRoot=OLD.fingerprint)).status == 422
    assert 'id="switchPercent-fault"' in town.post("/roll-overs/new", plan(town, switchPercent="0")).html


def test_a_plan_is_paused_continued_left_switched_and_cancelled(town: Pages) -> None:
    town.done("/roll-overs/new", plan(town))
    assert town.done("/roll-overs/1/pause").has("The plan stands still", "Paused", "Continue")
    assert town.done("/roll-overs/1/continue").has("The plan goes on.")
    assert town.done("/roll-overs/1/stations/CP-2/leave").has("waits for this station no longer", "Left")
    assert town.done("/roll-overs/1/stations/CP-2/retry").has("The station begins again.")
    assert town.post("/roll-overs/1/switch").status == 409
    assert town.done("/roll-overs/1/switch", {"despite": "yes"}).has("The listeners are switched.")
    assert town.done("/roll-overs/1/cancel").has("The plan is cancelled", "Cancelled")
    assert town.services.rollovers.get(RolloverNumber(1)).rollover.state is RolloverState.CANCELLED
    assert actions(town.get("/roll-overs/1")) == set()


def test_who_may_not_change_them_sees_no_way_to_and_finds_none(town: Pages) -> None:
    town.done("/roll-overs/new", plan(town))
    town.sign_in(Role.OPERATOR)
    for path in ("/installed-certificates", "/installed-certificates?station=CP-1", "/roll-overs", "/roll-overs/1"):
        assert actions(town.get(path)) == set(), path
    assert "/roll-overs/new" not in town.get("/roll-overs").html
    assert town.get("/roll-overs/new").status == 403
    for path in ("new", *(f"1/{one}" for one in ("switch", "pause", "continue", "retry", "cancel"))):
        assert town.post(f"/roll-overs/{path}", plan(town)).status == 403, path
    for path in ("/roll-overs/1/stations/CP-1/retry", "/roll-overs/1/stations/CP-1/leave"):
        assert town.post(path).status == 403, path
    for path in ("/installed-certificates/read", "/installed-certificates/delete"):
        assert town.post(path, {"station": "CP-1"}).status == 403, path
