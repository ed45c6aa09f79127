"""Whatever key a certificate is issued for, its station gets in with it (A00.FR.501, A00.FR.503)."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from forecourt.config import Tls
from forecourt.domain.trust.model import ServerCertificate
from forecourt.gateway.tls import Plan, make_context
from forecourt.pki.csr import check_csr, read_csr
from forecourt.pki.csr_rules import CURVES
from forecourt.pki.keys import PrivateKey, new_private_key
from forecourt.pki.profiles import SERVER
from tests.support.odd_requests import OPERATOR, SERIAL, Request
from tests.support.own_hierarchy import OwnHierarchy, key_of

HOST = "charge.example"
OWN = OwnHierarchy.of("EC secp256r1")
KEYS: dict[str, type[ec.EllipticCurve] | None] = {
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "RSA": None,
}


def test_every_curve_is_tried_here() -> None:
    assert {*KEYS} == {*CURVES, "RSA"}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
@pytest.mark.parametrize("name", KEYS)
def test_a_station_gets_in_with_the_certificate_that_it_asked_for(
    name: str, version: ssl.TLSVersion, tmp_path: Path
) -> None:
    curve = KEYS[name]
    key = new_private_key("RSA 2048") if curve is None else PrivateKey(ec.generate_private_key(curve()))
    csr = read_csr(Request(key=key.for_signing).der())
    check_csr(csr, common_name=SERIAL, organisation=OPERATOR)
    leaf = OWN.issue_for(csr, SERIAL)
    station = a_station(key, leaf.pem + OWN.issuing.certificate.pem, tmp_path)
    station.minimum_version = station.maximum_version = version
    assert shown_to(the_listener(), station) == leaf.der


def the_listener() -> ssl.SSLContext:
    """As the gateway makes it."""
    chain = (OWN.issue(SERVER, HOST), OWN.issuing.certificate)
    server = ServerCertificate(
        name="main",
        chain=chain,
        key=key_of("EC secp256r1", HOST),
        is_enabled=True,
        added_by="tests",
        added_at=OWN.now,
    )
    made = make_context(Plan(tls=Tls.MODERN, presented=(server,), chains=(chain,), trusted=(OWN.root.certificate,)))
    assert (made.left_out, made.refused) == ([], ())
    return made.context


def a_station(key: PrivateKey, chain: str, directory: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=OWN.root.certificate.pem)
    own = directory / "own.pem"
    own.write_text(key.pem().decode() + chain)
    context.load_cert_chain(own)
    return context


def shown_to(listener: ssl.SSLContext, station: ssl.SSLContext) -> bytes | None:
    """What the listener sees of the station once hands are shaken, with both ends in memory."""
    to_listener, to_station = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = listener.wrap_bio(to_listener, to_station, server_side=True)
    theirs = station.wrap_bio(to_station, to_listener, server_hostname=HOST)
    waiting = [theirs, ours]
    for _ in range(10):
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                continue
    assert not waiting
    return ours.getpeercert(binary_form=True)
