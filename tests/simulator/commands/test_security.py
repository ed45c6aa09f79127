"""Certificates at a simulated station (security whitepaper A02, M03 to M05)."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from msgspec import UNSET

from forecourt.dialects.v16.messages.certificate_signed import CertificateSignedRequest, CertificateSignedResponse
from forecourt.dialects.v16.messages.change_configuration import ChangeConfigurationRequest
from forecourt.dialects.v16.messages.datatypes import CertificateHashData, CertificateUse, HashAlgorithm
from forecourt.dialects.v16.messages.delete_certificate import DeleteCertificateRequest, DeleteCertificateResponse
from forecourt.dialects.v16.messages.extended_trigger_message import (
    ExtendedMessageTrigger,
    ExtendedTriggerMessageRequest,
    ExtendedTriggerMessageResponse,
)
from forecourt.dialects.v16.messages.get_installed_certificate_ids import (
    GetInstalledCertificateIdsRequest,
    GetInstalledCertificateIdsResponse,
)
from forecourt.dialects.v16.messages.install_certificate import InstallCertificateRequest, InstallCertificateResponse
from forecourt.dialects.v16.messages.security_event_notification import SecurityEventNotificationRequest
from forecourt.dialects.v16.messages.sign_certificate import SignCertificateRequest
from forecourt_simulator.misbehaviour import Misbehaviour
from forecourt_simulator.own_certificate import KeyKind
from forecourt_simulator.security import LineFault
from forecourt_simulator.security_log import Told
from forecourt_simulator.security_setup import SecuritySetup
from tests.simulator.authority import FROM, UNTIL, Authority, pem, the_root
from tests.simulator.worlds import START, World, a_world, ask

CENTRAL_SYSTEM: CertificateUse = "CentralSystemRootCertificate"
MAKER: CertificateUse = "ManufacturerRootCertificate"


def install(world: World, text: str, use: CertificateUse = CENTRAL_SYSTEM) -> str:
    response = ask(world, InstallCertificateRequest(certificate_type=use, certificate=text))
    assert isinstance(response, InstallCertificateResponse)
    return response.status


def ids(world: World, use: CertificateUse = CENTRAL_SYSTEM) -> list[CertificateHashData]:
    response = ask(world, GetInstalledCertificateIdsRequest(certificate_type=use))
    assert isinstance(response, GetInstalledCertificateIdsResponse)
    assert (response.status == "NotFound") == (response.certificate_hash_data is UNSET)
    return [] if response.certificate_hash_data is UNSET else response.certificate_hash_data


def delete(world: World, wanted: CertificateHashData) -> str:
    response = ask(world, DeleteCertificateRequest(certificate_hash_data=wanted))
    assert isinstance(response, DeleteCertificateResponse)
    return response.status


def logged(world: World) -> list[str]:
    return [event.type for event in world.station.security_log.entries]


# Roots


def test_roots_are_taken_each_once_until_the_store_is_full() -> None:
    """M05.FR.02, FR.03."""
    world = a_world()
    roots = [Authority(f"Root {number}").pem for number in range(9)]
    assert [install(world, text) for text in [roots[0], *roots]] == ["Accepted"] * 9 + ["Rejected"]
    assert install(world, roots[0]) == "Accepted"
    assert install(world, roots[8], MAKER) == "Rejected"
    assert len(ids(world)) == 8
    assert ids(world, MAKER) == []


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        pem(the_root().leaf("csms.example")),
        the_root().pem * 2,
        pem(the_root().leaf("old", since=FROM, until=START - timedelta(days=1))),
    ],
    ids=["rubbish", "no certificate inside", "not an authority", "two of them", "expired"],
)
def test_what_cannot_be_a_root_is_rejected_and_logged(text: str) -> None:
    """M05.FR.06."""
    world = a_world()
    assert install(world, text) == "Rejected"
    assert install(world, text, MAKER) == "Rejected"
    assert logged(world)[1:] == ["InvalidCentralSystemCertificate", "InvalidFirmwareSigningCertificate"]
    assert ids(world) == []


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
@pytest.mark.parametrize("is_rsa", [False, True])
def test_a_root_is_named_by_the_hashes_of_its_issuer_and_deleted_by_them(
    algorithm: HashAlgorithm, is_rsa: bool
) -> None:
    """Security whitepaper §6.1: hash of the issuer's name, hash of its key without tag and length, serial number."""
    root = an_rsa_root() if is_rsa else Authority("Small number", serial=4095).certificate
    world = a_world(security=SecuritySetup(hash_algorithm=algorithm))
    assert install(world, pem(root)) == "Accepted"
    [named] = ids(world)
    digest = {"SHA256": hashlib.sha256, "SHA384": hashlib.sha384, "SHA512": hashlib.sha512}[algorithm]
    assert named == CertificateHashData(
        hash_algorithm=algorithm,
        issuer_name_hash=digest(root.issuer.public_bytes()).hexdigest(),
        issuer_key_hash=digest(key_bytes(root)).hexdigest(),
        serial_number="FFF",
    )
    shouted = CertificateHashData(
        hash_algorithm=algorithm,
        issuer_name_hash=named.issuer_name_hash.upper(),
        issuer_key_hash=named.issuer_key_hash.upper(),
        serial_number="0fff",
    )
    assert [delete(world, shouted), delete(world, shouted)] == ["Accepted", "NotFound"]
    assert ids(world) == []


def test_the_root_of_the_present_connection_cannot_be_deleted() -> None:
    """M04.FR.06."""
    world = a_world()
    install(world, the_root().pem)
    world.station.security.take_connection(the_root().certificate)
    [named] = ids(world)
    assert delete(world, named) == "Failed"
    world.station.security.take_connection(None)
    assert delete(world, named) == "Accepted"


def test_a_root_follows_another_only_when_that_one_signed_it() -> None:
    """AdditionalRootCertificateCheck: M05.FR.08 to FR.13."""
    world = a_world()
    world.station.configuration.put("AdditionalRootCertificateCheck", "true")
    certificates = world.station.security.certificates
    old, new = Authority("Old"), Authority("New")
    signed = old.signs_also(new)
    assert install(world, old.pem) == "Accepted"
    assert install(world, new.pem) == "Rejected"
    assert install(world, pem(signed)) == "Accepted"
    assert certificates.trusted == [signed]
    certificates.take_failure()
    assert certificates.trusted == [old.certificate]
    certificates.take_connection(old.certificate)
    assert len(certificates.installed) == 2
    certificates.take_failure()
    assert certificates.trusted == [signed]
    certificates.take_connection(signed)
    assert certificates.central_system_roots == certificates.trusted == [signed]
    assert ids(world)[0].issuer_name_hash == hashlib.sha256(old.certificate.subject.public_bytes()).hexdigest()


def test_all_events_are_told_where_that_is_wanted() -> None:
    """As the certification test TC_078 does."""
    setup = SecuritySetup(told=Told.ALL, misbehaviours=frozenset({Misbehaviour.REJECTS_ROOTS}))
    world = a_world(security=setup)
    assert install(world, the_root().pem) == "Rejected"
    [letter] = world.letters()
    assert isinstance(letter.words, SecurityEventNotificationRequest)
    assert (letter.words.type, letter.words.tech_info) == (
        "InvalidCentralSystemCertificate",
        "it was refused on purpose",
    )


# The station's own


def a_requesting_world(
    *misbehaviours: Misbehaviour, kind: KeyKind = KeyKind.EC, serial_number: str = "SN-1"
) -> tuple[World, str]:
    """A station that trusts the root and was asked for a request, and that request."""
    setup = SecuritySetup(
        misbehaviours=frozenset(misbehaviours),
        key_kind=kind,
        serial_number=serial_number,
        roots=[the_root().certificate],
        profile=3,
        told=Told.NOTHING,
    )
    world = a_world(security=setup)
    trigger = ExtendedTriggerMessageRequest(requested_message="SignChargePointCertificate")
    assert ask(world, trigger) == ExtendedTriggerMessageResponse(status="Accepted")
    [letter] = world.letters()
    assert isinstance(letter.words, SignCertificateRequest)
    return world, letter.words.csr


def deliver(world: World, chain: str) -> str:
    response = ask(world, CertificateSignedRequest(certificate_chain=chain))
    assert isinstance(response, CertificateSignedResponse)
    return response.status


@pytest.mark.parametrize(("kind", "key"), [(KeyKind.EC, ec.EllipticCurvePublicKey), (KeyKind.RSA, rsa.RSAPublicKey)])
def test_a_request_names_the_operator_and_the_serial_number(kind: KeyKind, key: type) -> None:
    """A02.FR.02, FR.03, FR.13."""
    world, text = a_requesting_world(kind=kind)
    request = x509.load_pem_x509_csr(text.encode())
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == "CN=SN-1,O=Forecourt"
    assert isinstance(request.public_key(), key)
    ask(world, ChangeConfigurationRequest(key="CpoName", value="Grid & Co"))
    ask(world, ExtendedTriggerMessageRequest(requested_message="SignChargePointCertificate"))
    [letter] = world.letters()
    assert isinstance(letter.words, SignCertificateRequest)
    again = x509.load_pem_x509_csr(letter.words.csr.encode())
    assert again.subject.rfc4514_string() == "CN=SN-1,O=Grid & Co"
    assert again.public_key() != request.public_key()


@pytest.mark.parametrize("is_below_another", [False, True])
def test_the_certificate_that_was_asked_for_is_taken_and_shown(is_below_another: bool) -> None:
    """A02.FR.06, FR.08: a station of profile 3 comes back with it."""
    world, csr = a_requesting_world()
    issuer = Authority("Below", parent=the_root()) if is_below_another else the_root()
    chain = issuer.answer(csr) + (issuer.pem if is_below_another else "")
    assert deliver(world, chain) == "Accepted"
    own = world.station.security.own.current(START)
    assert own is not None
    assert "".join(map(pem, own.chain)) == chain
    assert world.station.security.is_reconnect_due
    assert deliver(world, chain) == "Rejected"


def test_a_certificate_for_later_is_kept_and_shown_when_its_time_comes() -> None:
    """A02.FR.08, FR.09."""
    world, csr = a_requesting_world()
    first = the_root().answer(csr)
    assert deliver(world, first) == "Accepted"
    ask(world, ExtendedTriggerMessageRequest(requested_message="SignChargePointCertificate"))
    [letter] = [letter for letter in world.letters() if isinstance(letter.words, SignCertificateRequest)]
    assert isinstance(letter.words, SignCertificateRequest)
    public_key = x509.load_pem_x509_csr(letter.words.csr.encode()).public_key()
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    world.station.security.is_reconnect_due = False
    tomorrow = START + timedelta(days=1)
    later = the_root().leaf("SN-1", public_key=public_key, since=tomorrow)
    assert deliver(world, pem(later)) == "Accepted"
    assert not world.station.security.is_reconnect_due
    own = world.station.security.own
    shown = [own.current(moment) for moment in (START, tomorrow)]
    assert [one and pem(one.leaf) for one in shown] == [first, pem(later)]


@pytest.mark.parametrize(
    "wrong", ["rubbish", "another key", "another name", "another organization", "expired", "another root", "too long"]
)
def test_a_certificate_that_is_not_for_this_station_is_rejected_and_logged(wrong: str) -> None:
    """A02.FR.07."""
    world, csr = a_requesting_world()
    public_key = x509.load_pem_x509_csr(csr.encode()).public_key()
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    expired = the_root().leaf("SN-1", public_key=public_key, until=START - timedelta(days=1))
    chain = {
        "rubbish": "hello",
        "another key": pem(the_root().leaf("SN-1")),
        "another name": the_root().answer(csr, common_name="SN-10"),
        "another organization": the_root().answer(csr, organisation="Forecourt Ltd"),
        "expired": pem(expired),
        "another root": Authority().answer(csr),
        "too long": the_root().answer(csr) + the_root().pem * 20,
    }[wrong]
    assert deliver(world, chain) == "Rejected"
    assert logged(world)[-1] == "InvalidChargePointCertificate"
    assert world.station.security.own.current(START) is None
    assert deliver(world, the_root().answer(csr)) == "Accepted"


def test_a_certificate_that_nobody_asked_for_is_rejected() -> None:
    assert deliver(a_world(), the_root().pem) == "Rejected"


def test_certificates_can_be_refused_on_purpose() -> None:
    """As the certification test TC_077 does."""
    world, csr = a_requesting_world(Misbehaviour.REJECTS_CERTIFICATE)
    assert deliver(world, the_root().answer(csr)) == "Rejected"
    assert logged(world)[-1] == "InvalidChargePointCertificate"


def test_a_request_for_a_request_can_be_refused_on_purpose() -> None:
    """A02: Rejected to ExtendedTriggerMessage."""
    world = a_world(security=SecuritySetup(misbehaviours=frozenset({Misbehaviour.REJECTS_RENEWAL})))
    response = ask(world, ExtendedTriggerMessageRequest(requested_message="SignChargePointCertificate"))
    assert response == ExtendedTriggerMessageResponse(status="Rejected")


@pytest.mark.parametrize(
    ("misbehaviour", "held"), [(Misbehaviour.LOSES_CERTIFICATE, 0), (Misbehaviour.LOSES_CERTIFICATE_ANSWER, 1)]
)
def test_the_first_answer_to_a_certificate_can_be_lost(misbehaviour: Misbehaviour, held: int) -> None:
    """Whether the station took it nobody can tell; the second one is answered."""
    world, csr = a_requesting_world(misbehaviour)
    security = world.station.security
    before = len(security.own.held)
    deliver(world, the_root().answer(csr))
    assert (security.line_fault, len(security.own.held) - before) == (LineFault.DROP, held)
    security.line_fault = None
    again = deliver(world, the_root().answer(csr))
    assert (security.line_fault, again) == (None, "Accepted" if held == 0 else "Rejected")


def test_requests_can_be_wrong_on_purpose() -> None:
    def subject(*misbehaviours: Misbehaviour) -> x509.CertificateSigningRequest:
        return x509.load_pem_x509_csr(a_requesting_world(*misbehaviours)[1].encode())

    assert subject(Misbehaviour.SERIAL_OF_ANOTHER).subject.rfc4514_string() == "CN=SN-1-X,O=Forecourt"
    assert subject(Misbehaviour.ORGANISATION_OF_ANOTHER).subject.rfc4514_string() == "CN=SN-1,O=Somebody Else"
    assert not subject(Misbehaviour.BROKEN_REQUEST).is_signature_valid
    weak = subject(Misbehaviour.WEAK_KEY).public_key()
    assert isinstance(weak, rsa.RSAPublicKey)
    assert weak.key_size == 1024


@pytest.mark.parametrize(
    ("trigger", "sent"),
    [
        ("BootNotification", ["BootNotification"]),
        ("Heartbeat", ["Heartbeat"]),
        ("StatusNotification", ["StatusNotification"] * 3),
        ("MeterValues", ["MeterValues"] * 2),
        ("LogStatusNotification", ["LogStatusNotification"]),
        ("FirmwareStatusNotification", ["SignedFirmwareStatusNotification"]),
        ("SignChargePointCertificate", ["SignCertificate"]),
    ],
)
def test_every_extended_trigger_is_followed_by_its_message(trigger: ExtendedMessageTrigger, sent: list[str]) -> None:
    world = a_world()
    response = ask(world, ExtendedTriggerMessageRequest(requested_message=trigger))
    assert response == ExtendedTriggerMessageResponse(status="Accepted")
    assert world.sent()[: len(sent)] == sent


def an_rsa_root() -> x509.Certificate:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "RSA root")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(4095).not_valid_before(FROM).not_valid_after(UNTIL)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256())


def key_bytes(certificate: x509.Certificate) -> bytes:
    """What is hashed: PKCS#1 for RSA, the uncompressed point for EC (measured against other tools)."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
