"""The own authority: its hierarchy, how it issues, and what it has revoked."""

from __future__ import annotations

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.authorities.model import Phase, Rank
from tests.support.own_house import OwnHouse
from tests.web.door import Pages
from tests.web.pages.security.certificates import actions

POLICY: dict[str, str | list[str]] = {
    "organisation": "Acme & Sons",
    "families": "ecdsa",
    "rootDays": "7300",
    "issuingDays": "1825",
    "stationDays": "180,5",
    "serverDays": "90",
    "backdatedHours": "1",
    "overlapDays": "180",
    "crlHours": "12",
}


@pytest.fixture
def house(pages: Pages) -> OwnHouse:
    """The hierarchy is made."""
    return OwnHouse(workspace=pages.workspace, clock=pages.clock).created()


def own(house: OwnHouse, rank: Rank, phase: Phase = Phase.ACTIVE) -> str:
    found = house.own_ca.details()
    return next(one.own.fingerprint for one in found if one.own.rank is rank and one.own.phase is phase)


def test_before_it_is_made_the_page_says_so_and_offers_to_make_it(pages: Pages) -> None:
    page = pages.get("/ca")
    assert page.has("No hierarchy yet", "Nobody has said it", "Make the hierarchy")
    assert pages.post("/ca/create").status == 409
    pages.done("/ca/policy", POLICY)
    assert pages.done("/ca/create").has("Roots and issuing CAs are being made", "Being made")


def test_the_hierarchy_is_shown_without_keys_and_downloaded(pages: Pages, house: OwnHouse) -> None:
    page = pages.get("/ca")
    assert page.has("ECDSA", "Active", "Root", "Issuing", "sealed")
    assert "PRIVATE KEY" not in page.html
    here = f"/ca/certificates/{own(house, Rank.ISSUING)}"
    assert pages.get(here).has("Key Usage", "keyCertSign", "In the hierarchy")
    assert pages.get(f"{here}/pem").html.startswith("-----BEGIN CERTIFICATE-----")
    assert pages.get(f"{here}/der").response.content[:1] == b"\x30"
    assert pages.get(f"{here}/cross").status in (404, 409)
    assert pages.get("/ca/certificates/aa").status == 404


def test_a_next_root_is_made_put_in_force_and_the_former_one_retired(pages: Pages, house: OwnHouse) -> None:
    asked = pages.done("/ca/roll", {"family": "ecdsa", "rank": "root"})
    assert asked.has("The next one is being made", "ECDSA: Root")
    assert pages.done("/ca/roll/cancel", {"family": "ecdsa", "rank": "root"}).has("It is not made.")
    pages.done("/ca/roll", {"family": "ecdsa", "rank": "root"})
    house.keep()
    coming, present = own(house, Rank.ROOT, Phase.NEXT), own(house, Rank.ROOT)
    assert pages.get(f"/ca/certificates/{coming}").has("Put in force", "Cross certificate")
    assert pages.get(f"/ca/certificates/{coming}/cross").status == 200
    assert pages.post(f"/ca/certificates/{present}/retire").status == 409
    assert pages.done(f"/ca/certificates/{coming}/activate").has("The root is in force")
    house.keep()
    retired = pages.done(f"/ca/certificates/{present}/retire", {"despite": "yes"})
    assert retired.has("It is retired", "Retired")


def test_an_issuing_ca_is_replaced(pages: Pages, house: OwnHouse) -> None:
    before = own(house, Rank.ISSUING)
    pages.done("/ca/roll", {"family": "ecdsa", "rank": "issuing"})
    house.keep()
    assert own(house, Rank.ISSUING) != before
    assert own(house, Rank.ISSUING, Phase.FORMER) == before


def test_how_it_issues_is_shown_changed_and_refused_field_by_field(pages: Pages) -> None:
    assert 'name="rootDays"' in pages.get("/ca/policy").html
    done = pages.done("/ca/policy", {**POLICY, "usesPss": "yes"})
    assert done.has("It counts for what is made and signed from now on.")
    assert 'value="180.5"' in done.html
    assert "Acme &amp; Sons" in done.html
    refused = pages.post("/ca/policy", {**POLICY, "rootDays": "long", "stationDays": "x", "families": []})
    assert refused.status == 422
    for name in ("rootDays", "stationDays", "families"):
        assert f'id="{name}-fault"' in refused.html, name
    assert 'value="long"' in refused.html
    assert 'id="issuingDays-fault"' in pages.post("/ca/policy", {**POLICY, "issuingDays": "99999"}).html


def test_what_is_on_hold_is_revoked_by_numbers_and_released(pages: Pages, house: OwnHouse) -> None:
    leaf = house.issue("SN-1").chain[0]
    assert pages.get("/ca/revocations").has("Nothing is revoked")
    numbers = {"issuerHash": leaf.issuer_hash, "serial": leaf.serial}
    page = pages.done("/ca/revocations", {**numbers, "reason": "certificateHold"})
    assert page.has("The certificate is revoked.", "Certificate hold", leaf.serial, "Release")
    assert leaf.serial in pages.get("/ca/revocations.csv").html
    assert pages.done("/ca/revocations/release", numbers).has("may be used again", "Nothing is revoked")
    refused = pages.post("/ca/revocations", {**numbers, "serial": "", "reason": "superseded"})
    assert refused.status == 422
    assert 'id="serial-fault"' in refused.html
    assert pages.post("/ca/revocations", {**numbers, "issuerHash": "0" * 64, "reason": "superseded"}).status in (
        404,
        422,
    )


def test_who_may_not_change_it_sees_no_way_to_and_finds_none(pages: Pages, house: OwnHouse) -> None:
    root = own(house, Rank.ROOT)
    pages.sign_in(Role.OPERATOR)
    for path in ("/ca", f"/ca/certificates/{root}", "/ca/revocations"):
        assert actions(pages.get(path)) == set(), path
    assert "<button" not in pages.get("/ca/policy").html.split('action="/ca/policy"')[1].split("</form>")[0]
    for path in ("create", "roll", "roll/cancel", "policy", "revocations", "revocations/release"):
        assert pages.post(f"/ca/{path}", {"family": "ecdsa", "rank": "root"}).status == 403, path
    for path in ("activate", "retire"):
        assert pages.post(f"/ca/certificates/{root}/{path}").status == 403, path
