"""The calendar of stations' certificates, their orders, and the register of what was signed."""

from __future__ import annotations

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.errands.model import ErrandFilter
from forecourt.domain.paging import PageRequest
from forecourt.domain.trust.model import Purpose
from tests.web.door import Pages
from tests.web.pages.security.certificates import ROOT, actions, ordered, trust


def errands(pages: Pages) -> list[tuple[str, str]]:
    found = pages.services.errands.list(ErrandFilter(), PageRequest()).items
    return sorted((one.station, one.operation) for one in found if one.operation == "RenewCertificate")


def test_without_certificates_every_list_says_so_and_leads_on(pages: Pages) -> None:
    assert pages.get("/certificates").has("No certificate", "What stations lack")
    assert pages.get("/certificates/orders").has("No order")
    assert pages.get("/signed-certificates").has("No certificate", "Who signs")


def test_the_calendar_shows_what_ends_when_and_how_far_the_next_one_is(pages: Pages) -> None:
    leaf = ordered(pages)
    page = pages.get("/certificates")
    assert page.has("CP-1", "north", leaf.subject, "Presented", "Used")
    assert f'href="/signed-certificates/{leaf.fingerprint}"' in page.html
    assert pages.get("/certificates?expires=400").has("CP-1")
    assert not pages.get("/certificates?renewed=no").has("CP-1")
    assert pages.get("/certificates?group=south").has("No certificate")
    assert pages.get("/certificates?search=SN-1&renewed=yes").has("CP-1")
    assert pages.get("/certificates.csv").html.splitlines()[2].startswith(f"CP-1,north,{leaf.fingerprint},")


def test_stations_that_are_ticked_are_asked_for_new_keys(pages: Pages) -> None:
    ordered(pages)
    assert pages.done("/certificates/renew").has("Nothing was chosen")
    assert pages.done("/certificates/renew", {"station": "CP-1"}).has("The station is asked for a new key")
    assert errands(pages) == [("CP-1", "RenewCertificate")]
    many = pages.done("/certificates/renew", {"station": ["CP-1", "CP-2"]})
    assert many.has("2 stations are asked for new keys")


def test_an_order_is_shown_with_all_that_happened(pages: Pages) -> None:
    leaf = ordered(pages)
    page = pages.get("/certificates/orders/1")
    assert page.has("Certificate order 1", "The authority own signs", "The station uses it", leaf.serial, "Key Usage")
    assert pages.get("/certificates/orders?station=CP-1").has("Used")
    assert not pages.get("/certificates/orders?open=yes").has("CP-1")
    assert pages.get("/certificates/orders?state=received").has("CP-2")
    assert pages.get("/certificates/orders.csv?state=received").html.splitlines()[1].startswith("2,CP-2,station,")
    for path in ("/certificates/orders/9", f"/certificates/orders/{10**30}"):
        assert pages.get(path).status == 404


def test_an_order_is_cancelled_while_it_is_open(pages: Pages) -> None:
    ordered(pages)
    assert actions(pages.get("/certificates/orders/1")) == set()
    assert actions(pages.get("/certificates/orders/2")) == {"/certificates/orders/2/cancel"}
    assert pages.done("/certificates/orders/2/cancel").has("The order is cancelled.", "Cancelled")
    again = pages.post("/certificates/orders/1/cancel")
    assert again.status == 409


def test_the_register_is_searched_and_downloaded(pages: Pages) -> None:
    leaf = ordered(pages)
    assert pages.get("/signed-certificates").has(leaf.subject, leaf.serial, "CP-1", "own")
    for query in (f"search={leaf.serial}", f"search={leaf.fingerprint}", "owner=CP-1", "use=station", "state=good"):
        assert pages.get(f"/signed-certificates?{query}").has(leaf.subject), query
    for query in ("search=none", "owner=CP-2", "use=server", "state=revoked", "authority=city"):
        assert pages.get(f"/signed-certificates?{query}").has("No certificate"), query
    assert leaf.fingerprint in pages.get("/signed-certificates.csv?owner=CP-1").html


def test_a_signed_certificate_is_inspected_in_words_and_downloaded(pages: Pages) -> None:
    leaf = ordered(pages)
    here = f"/signed-certificates/{leaf.fingerprint}"
    page = pages.get(here)
    assert page.has(leaf.subject, "Key Usage", "digitalSignature", "Basic Constraints", "Not a CA", "Chain")
    assert page.has("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE KEY" not in page.html
    assert pages.get(f"{here}/pem").html == leaf.pem
    assert pages.get(f"{here}/chain").html.startswith(leaf.pem)
    assert len(pages.get(f"{here}/chain").html) > len(leaf.pem)
    der = pages.get(f"{here}/der").response
    assert der.content == leaf.der
    assert ".cer" in der.headers["content-disposition"]
    assert pages.get("/signed-certificates/aa").status == 404


def test_a_certificate_is_revoked_with_a_reason_of_rfc_5280(pages: Pages) -> None:
    trust(pages, ROOT, purpose=Purpose.STATION)
    leaf = ordered(pages)
    here = f"/signed-certificates/{leaf.fingerprint}"
    assert pages.get(here).has("It is refused from the next handshake on", "Key compromise")
    wrong = pages.post(f"{here}/revoke", {"reason": "boredom"})
    assert (wrong.status, "none of the choices" in wrong.text) == (422, True)
    assert pages.done(f"{here}/revoke", {"reason": "keyCompromise"}).has(
        "The certificate is revoked.", "Key compromise"
    )
    assert pages.services.trust.is_revoked(leaf.issuer_hash, leaf.serial)
    again = pages.post(f"{here}/revoke", {"reason": "keyCompromise"})
    assert (again.status, "revoked already" in again.text) == (422, True)
    assert actions(pages.get(here)) == set()


@pytest.mark.parametrize(
    "path", ["/certificates/renew", "/certificates/orders/2/cancel", "/signed-certificates/FP/revoke"]
)
def test_an_operator_sees_and_changes_nothing_here(pages: Pages, path: str) -> None:
    leaf = ordered(pages)
    pages.sign_in(Role.OPERATOR)
    for shown in ("/certificates", "/certificates/orders/2", f"/signed-certificates/{leaf.fingerprint}"):
        assert actions(pages.get(shown)) == set()
    assert (
        pages.post(path.replace("FP", leaf.fingerprint), {"reason": "keyCompromise", "station": "CP-1"}).status == 403
    )
    assert errands(pages) == []
