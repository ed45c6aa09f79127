"""The security posture, the policy, and the way to a higher profile."""

from __future__ import annotations

from forecourt.domain.access.permissions import Role
from forecourt.domain.admission.model import Leniency, SecurityProfile
from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.errands.model import ErrandFilter
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkId, LinkSecurity
from forecourt.domain.security_log.model import Kind, Note
from forecourt.domain.trust.model import Purpose, RevocationMode
from tests.web.door import Pages
from tests.web.pages.security.certificates import ROOT, a_station, actions, serve, trust, with_name

POLICY: dict[str, str | list[str]] = {
    "cpoName": "Acme & Sons",
    "trustedOrganisations": "Maker One\n\nMaker Two",
    "newStationProfile": "1",
    "revocation": "hard",
    "limited": "wss",
    "listeners.wss": ["2", "3"],
    "renewBeforeDays": "20",
    "renewalsPerMinute": "5",
}


def connect(pages: Pages, identity: str, security: LinkSecurity) -> None:
    station = pages.services.provisioning.get_station(identity)
    pages.services.presence.open(
        station, LinkId(1), node="n", address="192.0.2.1", subprotocol="ocpp1.6", security=security
    )


def asked(pages: Pages) -> list[tuple[str, str, str | None]]:
    found = pages.services.errands.list(ErrandFilter(), PageRequest()).items
    return sorted((one.station, one.operation, one.request) for one in found)


def test_each_weakness_is_named_with_what_to_do_and_where(pages: Pages) -> None:
    a_station(pages, "OLD-1")
    weak = a_station(pages, "CP-2", profile=1)
    a_station(pages, "CP-3", profile=3)
    pages.services.admissions.change(weak, leniencies=frozenset({Leniency.LEGACY_TLS}), asked_by="ada")
    connect(
        pages, "CP-2", LinkSecurity(profile=SecurityProfile.BASIC, listener="old", is_tls=True, tls_version="TLSv1.1")
    )
    pages.services.alarms.raise_(Topic.AUTHORITY, "city", Level.WARNING, "It is silent.")
    pages.services.security_log.note(Note(kind=Kind.CREDENTIALS_WRONG, reason="No.", count=7))
    page = pages.get("/security")
    assert page.has(
        "1 station proves nothing of who it is (profile 0).",
        "1 station sends its password without TLS (profile 1).",
        "1 station of profile 3 has not shown a certificate of the operator: CP-3.",
        "“Legacy TLS” is excused in 1 station: CP-2.",
        "1 station is connected by TLSv1.1 at the listener old: CP-2.",
        "No server certificate is presented.",
        "New stations need not prove who they are.",
        "1 alarm is open.",
        "Credentials wrong 7",
    )
    for link in ("/profile-upgrades?fromProfile=0", "/stations/CP-3/upgrade", "/stations/CP-2/security", "/alarms"):
        assert f'href="{link}"' in page.html, link
    assert page.text.index("proves nothing") < page.text.index("sends its password")


def test_what_is_safe_is_not_complained_of(pages: Pages) -> None:
    serve(pages)
    a_station(pages, "CP-1", profile=2)
    pages.done("/security-policy", POLICY)
    assert pages.get("/security").has(
        "Nothing is weak", "Nothing is excused", "None within 30 days", "Nobody was refused"
    )


def test_who_may_not_audit_is_not_told_who_was_refused(pages: Pages) -> None:
    pages.services.security_log.note(Note(kind=Kind.CREDENTIALS_WRONG, reason="No."))
    pages.sign_in(Role.VIEWER)
    page = pages.get("/security")
    assert page.status == 200
    assert not page.has("Refused at the door")


def test_the_policy_is_shown_and_set_as_a_whole(pages: Pages) -> None:
    assert pages.get("/security-policy").has("Operator's name", "anybody who knows the name", "Hard: what cannot be")
    done = pages.done("/security-policy", POLICY)
    assert done.has("The policy counts from the next handshake on")
    policy = pages.services.trust.policy()
    assert (policy.cpo_name, policy.trusted_organisations) == ("Acme & Sons", ("Maker One", "Maker Two"))
    assert (policy.new_station_profile, policy.revocation) == (SecurityProfile.BASIC, RevocationMode.HARD)
    assert policy.listeners == {"wss": {SecurityProfile.TLS_BASIC, SecurityProfile.TLS_CERTIFICATE}}
    assert (policy.renew_before_days, policy.renewals_per_minute) == (20, 5)
    assert 'value="Acme &amp; Sons"' in done.html
    assert 'value="hard" selected' in done.html
    looser = {**POLICY, "revocation": "off", "otherListener": "yard", "listeners.other": "0"}
    warned = pages.done("/security-policy", looser)
    assert warned.has("revocation is off now and was hard", "yard")
    assert pages.services.trust.policy().listeners["yard"] == {SecurityProfile.NONE}


def test_what_is_wrong_in_the_policy_stands_beside_its_field_and_nothing_is_changed(pages: Pages) -> None:
    bad = {**POLICY, "renewBeforeDays": "soon", "newStationProfile": "7", "revocation": "maybe"}
    refused = pages.post("/security-policy", bad)
    assert refused.status == 422
    for name in ("renewBeforeDays", "newStationProfile", "revocation"):
        assert f'id="{name}-fault"' in refused.html, name
    assert 'value="soon"' in refused.html
    assert "Maker Two" in refused.html
    closed = pages.post("/security-policy", {**POLICY, "listeners.wss": []})
    assert closed.status == 422
    assert closed.has("No station could come in at the listener 'wss'")
    assert pages.services.trust.policy().cpo_name is None


def test_what_a_station_lacks_is_shown_with_the_way_to_it(pages: Pages) -> None:
    a_station(pages)
    page = pages.get("/stations/CP-1/upgrade?profile=2")
    assert page.has("Present profile 0: nothing is proven", "Password", "Missing", "Root certificate", "Listener")
    page = pages.get("/stations/CP-1/upgrade?profile=3")
    assert page.has("Operator's name (CpoName)", "Certificate", "Serial number")
    assert 'href="/security-policy"' in page.html
    with_name(pages)
    assert "/operations/ChangeConfiguration?station=CP-1" in pages.get("/stations/CP-1/upgrade?profile=3").html
    assert pages.get("/stations/CP-9/upgrade").status == 404


def test_each_step_is_asked_of_the_station(pages: Pages) -> None:
    a_station(pages, profile=1)
    trust(pages, ROOT, purpose=Purpose.SERVER)
    serve(pages)
    with_name(pages)
    here = "/stations/CP-1/upgrade"
    assert pages.done(f"{here}/password", {"profile": "2"}).has("A new password is made for the station")
    root = {"profile": "2", "fingerprint": ROOT.certificate.fingerprint}
    assert pages.done(f"{here}/root", root).has("The root certificate is brought to the station.", "Steps so far")
    refused = pages.post(f"{here}/certificate", {"profile": "3"})
    assert refused.status in (303, 422)
    lacking = pages.post(f"{here}/start", {"profile": "2"})
    assert lacking.status == 422
    assert lacking.has("Ask for it despite that")
    done = pages.done(f"{here}/start", {"profile": "2", "despitePreconditions": "yes"})
    assert done.has("The station is asked to use the higher profile.", "to profile 2", "Offered", "Give up")
    assert {operation for _, operation, _ in asked(pages)} >= {
        "ChangePassword",
        "InstallRootCertificate",
        "UpgradeSecurityProfile",
    }
    assert pages.done(f"{here}/give-up").has("Only the present profile is accepted again.")
    assert pages.post(f"{here}/give-up").status == 422
    assert pages.post(f"{here}/start", {"profile": "7"}).status == 422


def test_many_stations_are_upgraded_step_by_step(pages: Pages) -> None:
    for identity in ("CP-1", "CP-2", "CP-3"):
        a_station(pages, identity, profile=int(identity == "CP-3"))
    page = pages.get("/profile-upgrades?fromProfile=0&profile=1")
    assert page.has("CP-1", "CP-2", "ChangePassword")
    assert not page.has("CP-3")
    assert pages.get("/profile-upgrades?station=CP-3&station=CP-9").has("CP-3")
    here = "/profile-upgrades"
    nothing = pages.post(here, {})
    assert nothing.status == 422
    assert nothing.has("Choose at least one station.", "Choose a step.")
    without = pages.post(here, {"station": "CP-1", "operation": "InstallRootCertificate"})
    assert without.status == 422
    assert 'id="fingerprint-fault"' in without.html
    started = pages.post(here, {"station": ["CP-1", "CP-2"], "operation": "ChangePassword"})
    assert (started.status, started.location) == (303, "/batches/1")
    assert [(station, operation) for station, operation, _ in asked(pages)] == [
        ("CP-1", "ChangePassword"),
        ("CP-2", "ChangePassword"),
    ]
    raised = {
        "station": "CP-1",
        "operation": "UpgradeSecurityProfile",
        "wantedProfile": "1",
        "despitePreconditions": "yes",
    }
    assert pages.post(here, raised).location == "/batches/2"
    assert pages.post(here, {"station": "CP-1", "operation": "Reset"}).status == 422


def test_who_may_not_raise_profiles_sees_no_way_to_and_finds_none(pages: Pages) -> None:
    a_station(pages)
    pages.sign_in(Role.OPERATOR)
    for path in ("/stations/CP-1/upgrade", "/security"):
        assert actions(pages.get(path)) == set(), path
    for path in ("/security-policy", "/profile-upgrades"):
        assert "btn-primary" not in pages.get(path).html.partition("<main")[2], path
        assert "btn-danger" not in pages.get(path).html.partition("<main")[2], path
    for step in ("password", "root", "certificate", "start", "give-up"):
        assert pages.post(f"/stations/CP-1/upgrade/{step}", {"profile": "1"}).status == 403, step
    assert pages.post("/profile-upgrades", {"station": "CP-1", "operation": "ChangePassword"}).status == 403
    assert pages.post("/security-policy", POLICY).status == 403
    assert asked(pages) == []


def test_what_a_station_lacks_and_what_a_change_means_is_said_in_the_language_of_the_visitor(pages: Pages) -> None:
    a_station(pages, profile=1)
    pages.cookies |= {"forecourt_language": "de"}
    lacks = "Von keinem Root-Zertifikat ist bekannt, dass sie es hat: Geben Sie ihr mit InstallRootCertificate"
    for path in ("/stations/CP-1/upgrade?profile=2", "/profile-upgrades?fromProfile=1&profile=2"):
        assert pages.get(path).has(lacks), path
    refused = pages.post("/stations/CP-1/upgrade/start", {"profile": "2"})
    assert refused.has("Geben Sie ihr eines mit ChangePassword (A05.FR.02). Von keinem Root-Zertifikat")
    assert not refused.has("Ask for it despite that")
    pages.done("/security-policy", POLICY)
    warned = pages.done("/security-policy", {**POLICY, "revocation": "off"})
    assert warned.has("revocation ist jetzt off und war hard: Listen und Responder fremder CAs werden nicht mehr")
