"""The store of trust: import, inspect, change and remove; the register of the revoked, and lists of outside CAs."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from forecourt.domain.access.permissions import Role
from forecourt.domain.paging import PageRequest
from forecourt.domain.trust.model import Purpose, TrustFilter
from tests.web.door import Pages
from tests.web.pages.security.certificates import CA, HOSTILE, NEXT, ROOT, SERVER, actions, serve, trust

HERE = f"/trust/certificates/{ROOT.certificate.fingerprint}"
CRL = x509.load_der_x509_crl(ROOT.crl(5))


def stored(pages: Pages) -> set[str]:
    found = pages.services.trust.list(TrustFilter(), PageRequest()).items
    return {one.certificate.fingerprint for one in found}


def test_an_empty_store_says_what_that_means(pages: Pages) -> None:
    assert pages.get("/trust").has("No trusted certificate", "no station of profile 3 can come in", "Import")


def test_a_chain_is_imported_from_a_text(pages: Pages) -> None:
    done = pages.done("/trust/import", {"bundle": ROOT.pem + CA.pem, "purposes": ["stationIdentity", "serverChain"]})
    assert done.has("Imported: 2 new, 0 known before.", ROOT.certificate.subject, "Intermediate", "Server chain")
    again = pages.done("/trust/import", {"bundle": ROOT.pem, "purposes": "stationIdentity"})
    assert again.has("Imported: 0 new, 1 known before.")


def test_a_certificate_is_imported_from_a_file_in_der(pages: Pages) -> None:
    files = {"file": ("root.cer", ROOT.certificate.der)}
    done = pages.done("/trust/import", {"bundle": "", "purposes": "firmwareSigning"}, files=files)
    assert done.has("Imported: 1 new", "Firmware signing")


def test_a_bundle_is_taken_whole_or_not_at_all_and_each_fault_is_told(pages: Pages) -> None:
    fields: dict[str, str | list[str]] = {"bundle": ROOT.pem + SERVER.pem, "purposes": ["stationIdentity"]}
    refused = pages.post("/trust/import", fields)
    assert refused.status == 422
    assert refused.has("Nothing was imported", "Could be taken", "Refused", "is not the certificate of an authority")
    assert ROOT.pem.splitlines()[1] in refused.html
    assert stored(pages) == set()
    partly = pages.post("/trust/import", {**fields, "partly": "yes"})
    assert partly.status == 200
    assert partly.has("What could be taken is in the store", "Added", "Refused")
    assert stored(pages) == {ROOT.certificate.fingerprint}


def test_what_is_no_certificate_is_refused_beside_its_field(pages: Pages) -> None:
    refused = pages.post("/trust/import", {"bundle": "hello", "purposes": "stationIdentity"})
    assert (refused.status, 'id="bundle-fault"' in refused.html) == (422, True)
    assert pages.post("/trust/import", {"bundle": ROOT.pem}).has("Choose at least one purpose.")
    both = pages.post("/trust/import", {"bundle": ROOT.pem, "purposes": "onboarding"}, files={"file": ("a", b"x")})
    assert both.has("Give one of the two")
    assert pages.post("/trust/import", {"bundle": "", "purposes": "onboarding"}).has("Paste it here, or choose a file")


def test_the_list_is_filtered_and_downloaded(pages: Pages) -> None:
    trust(pages, ROOT)
    trust(pages, NEXT, purpose=Purpose.SERVER)
    assert not pages.get("/trust?purpose=serverChain").has(ROOT.certificate.subject)
    for query in ("role=anchor", "origin=operator", "enabled=yes", "search=Next"):
        assert pages.get(f"/trust?{query}").has(NEXT.certificate.subject), query
    assert pages.get("/trust?enabled=no").has("No trusted certificate")
    assert pages.get("/trust?purpose=nonsense").has("none of the choices")
    lines = pages.get("/trust.csv?purpose=serverChain").html.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(NEXT.certificate.fingerprint)


def test_a_hostile_subject_is_shown_and_does_nothing(pages: Pages) -> None:
    trust(pages, HOSTILE)
    for path in ("/trust", f"/trust/certificates/{HOSTILE.certificate.fingerprint}"):
        page = pages.get(path)
        assert page.has("alert(")
        assert "<script>alert" not in page.html


def test_a_certificate_is_shown_with_all_that_depends_on_it(pages: Pages) -> None:
    trust(pages, ROOT, purpose=Purpose.SERVER)
    serve(pages)
    page = pages.get(HERE)
    assert page.has("Basic Constraints", "keyCertSign", "Last anchor", "main", "leads to it", ROOT.certificate.serial)
    assert pages.get(f"{HERE}/pem").html == ROOT.pem
    assert pages.get(f"{HERE}/der").response.content == ROOT.certificate.der
    assert pages.get("/trust/certificates/ab").status == 404


def test_a_certificate_is_disabled_changed_and_removed(pages: Pages) -> None:
    trust(pages, ROOT)
    assert pages.post(HERE, {"role": "anchor", "enabled": "yes"}).has("Choose at least one purpose.")
    done = pages.done(HERE, {"role": "anchor", "purposes": "stationIdentity"})
    assert done.has("The change counts at once.", "No anchor is left for stationIdentity", "Disabled")
    assert pages.done(f"{HERE}/remove").has("It is not trusted any more.", "No trusted certificate")
    assert pages.get(HERE).status == 404
    assert pages.post(f"{HERE}/remove").status == 404


def test_a_certificate_is_revoked_by_itself_or_by_its_numbers(pages: Pages) -> None:
    assert pages.get("/trust/revocations").has("Nothing is revoked")
    one = {"certificate": SERVER.pem, "reason": "Stolen <i>"}
    page = pages.done("/trust/revocations", one)
    assert page.has("The certificate is revoked.", SERVER.certificate.subject, "Stolen <i>")
    assert "<i>" not in page.html
    assert pages.post("/trust/revocations", one).has("revoked already")
    numbers = {"issuerHash": SERVER.certificate.issuer_hash, "serial": "1A"}
    assert pages.done("/trust/revocations", numbers).has("1A")
    assert "1A" in pages.get("/trust/revocations.csv").html
    assert pages.done("/trust/revocations/take-back", numbers).has("may be used again")
    assert pages.post("/trust/revocations", {}).has("Give the certificate as PEM, or else both")
    assert 'id="serial-fault"' in pages.post("/trust/revocations", {**numbers, "serial": "xyz"}).html


def test_a_list_of_an_outside_authority_is_imported_and_removed(pages: Pages) -> None:
    pem = CRL.public_bytes(Encoding.PEM).decode()
    assert pages.get("/trust/lists").has("No list")
    stranger = pages.post("/trust/lists", {"crl": pem})
    assert stranger.status == 422
    assert stranger.has("import or enable its certificate first")
    assert pem.splitlines()[1] in stranger.html
    trust(pages, ROOT)
    done = pages.done("/trust/lists", {"crl": ""}, files={"file": ("a.crl", CRL.public_bytes(Encoding.DER))})
    assert done.has("The list is in force.", ROOT.certificate.subject)
    crl = pages.services.trust.crls()[0]
    gone = pages.done("/trust/lists/remove", {"issuerHash": crl.issuer_hash, "digest": crl.digest})
    assert gone.has("The list is removed", "No list")


def test_who_may_not_change_trust_sees_no_way_to_and_finds_none(pages: Pages) -> None:
    trust(pages, ROOT)
    pages.sign_in(Role.OPERATOR)
    for path in ("/trust", HERE, "/trust/revocations", "/trust/lists"):
        assert actions(pages.get(path)) == set(), path
    assert "/trust/import" not in pages.get("/trust").html
    assert pages.get("/trust/import").status == 403
    for path in ("/trust/import", HERE, f"{HERE}/remove", "/trust/revocations", "/trust/revocations/take-back"):
        assert pages.post(path, {"bundle": NEXT.pem, "purposes": "onboarding"}).status == 403, path
    for path in ("/trust/lists", "/trust/lists/remove"):
        assert pages.post(path, {}).status == 403, path
    assert stored(pages) == {ROOT.certificate.fingerprint}
