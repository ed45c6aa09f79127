"""Server certificates: those that are given with a key, and those that this system manages."""

from __future__ import annotations

from forecourt.domain.access.permissions import Role
from tests.web.door import Pages
from tests.web.pages.security.certificates import CA, SERVER, actions, requested, serve

GIVEN = {"name": "main", "chain": SERVER.chain_pem, "privateKey": SERVER.key_pem, "enabled": "yes"}


def test_without_any_the_page_says_what_that_means(pages: Pages) -> None:
    assert pages.get("/server-certificates").has("No server certificate", "no station can connect by TLS")


def test_one_is_given_with_its_key_which_is_never_shown(pages: Pages) -> None:
    done = pages.done("/server-certificates/give", GIVEN)
    assert done.has("Listeners present it from the next handshake on.", "csms.example.com", "kept sealed", "Presented")
    for path in ("/server-certificates", "/server-certificates/given/main", "/server-certificates/given/main/pem"):
        page = pages.get(path)
        assert page.status == 200
        assert "PRIVATE KEY" not in page.html
    assert pages.get("/server-certificates/given/main/pem").html.startswith(SERVER.pem)


def test_it_is_given_as_files_too(pages: Pages) -> None:
    files = {"chainFile": ("a.pem", SERVER.chain_pem.encode()), "privateKeyFile": ("a.key", SERVER.key_pem.encode())}
    done = pages.done("/server-certificates/give", {"name": "files"}, files=files)
    assert done.has("It is kept, and not presented before it is enabled.", "Not presented")


def test_what_is_refused_keeps_all_but_the_key(pages: Pages) -> None:
    other = CA.leaf("other.example.com").key_pem
    refused = pages.post("/server-certificates/give", {**GIVEN, "privateKey": other, "password": "geheim"})
    assert refused.status == 422
    assert SERVER.pem.splitlines()[1] in refused.html
    assert other.splitlines()[1] not in refused.html
    assert "geheim" not in refused.html
    assert pages.services.trust.server_certificates() == []
    nothing = pages.post("/server-certificates/give", {"name": ""})
    assert nothing.status == 422
    assert 'id="name-fault"' in nothing.html
    assert 'id="chain-fault"' in nothing.html


def test_it_is_presented_no_longer_and_removed(pages: Pages) -> None:
    serve(pages)
    here = "/server-certificates/given/main"
    assert pages.done(f"{here}/enable").has("It is presented no longer.", "Not presented", "Present it")
    assert pages.done(f"{here}/enable", {"enabled": "yes"}).has("Presented")
    assert pages.done(f"{here}/remove").has("its key is forgotten")
    assert pages.get(here).status == 404
    assert pages.post(f"{here}/remove").status == 404


def test_one_is_managed_changed_renewed_and_left_alone(pages: Pages) -> None:
    fields: dict[str, str | list[str]] = {
        "name": "wss",
        "hostNames": "CSMS.example.com\n192.0.2.1",
        "families": ["rsa", "ecdsa"],
        "renewBeforeHours": "48,5",
    }
    done = pages.done("/server-certificates/manage", fields)
    assert done.has("Keys are made and certificates asked for", "csms.example.com, 192.0.2.1", "RSA", "ECDSA", "Wanted")
    assert pages.get("/server-certificates").has("Managed", "wss")
    form = pages.get("/server-certificates/manage?name=wss")
    assert 'value="48.5"' in form.html
    assert "csms.example.com" in form.html
    here = "/server-certificates/managed/wss"
    changed = pages.done(
        "/server-certificates/manage", {**fields, "families": "ecdsa", "fastExpiry": "yes", "renewBeforeHours": ""}
    )
    assert changed.has("Fast expiry Yes", "By itself in good time")
    assert pages.post(f"{here}/renew").status in (303, 409)
    assert pages.done(f"{here}/remove").has("It is not renewed any more.")
    assert pages.get(here).status == 404


def test_what_cannot_be_managed_is_refused_beside_its_field(pages: Pages) -> None:
    refused = pages.post("/server-certificates/manage", {"name": "wss", "hostNames": "not a name!", "families": "rsa"})
    assert refused.status == 422
    assert 'id="hostNames-fault"' in refused.html
    assert "not a name!" in refused.html
    assert pages.post("/server-certificates/manage", {"name": "wss", "hostNames": "a.example"}).has("at least one kind")
    hours = pages.post(
        "/server-certificates/manage", {"name": "x", "hostNames": "a.b", "families": "rsa", "renewBeforeHours": "soon"}
    )
    assert 'id="renewBeforeHours-fault"' in hours.html
    assert pages.get("/server-certificates/manage?name=nobody").status == 404


def test_an_authority_outside_can_be_chosen(pages: Pages) -> None:
    requested(pages)
    assert '<option value="city"' in pages.get("/server-certificates/manage").html


def test_who_may_not_change_them_sees_no_way_to_and_finds_none(pages: Pages) -> None:
    serve(pages)
    pages.sign_in(Role.VIEWER)
    for path in ("/server-certificates", "/server-certificates/given/main"):
        assert actions(pages.get(path)) == set(), path
    assert pages.get("/server-certificates/give").status == 403
    assert pages.get("/server-certificates/manage").status == 403
    for path in ("give", "manage", "given/main/enable", "given/main/remove", "managed/x/renew", "managed/x/remove"):
        assert pages.post(f"/server-certificates/{path}", GIVEN).status == 403, path
