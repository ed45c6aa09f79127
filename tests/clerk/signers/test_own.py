"""What the own authority signs: only what was wanted, for the key of the request, and as its policy has it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import ExtendedKeyUsageOID

from forecourt.domain.authorities.model import KeyFamily, OwnPolicy, Rank
from forecourt.domain.signing.model import SigningRefused, SigningUnavailable, Use
from forecourt.pki.chain import host_names
from forecourt.pki.csr import read_csr
from forecourt.pki.issued import check_issued
from forecourt.pki.path import Anchors
from tests.support.authority import OPERATOR
from tests.support.own_house import BASE, OwnHouse
from tests.support.signings import a_csr, a_wanted, for_server


@pytest.fixture(scope="module")
def house() -> OwnHouse:
    return OwnHouse(base=BASE).created()


def test_it_is_what_was_wanted(house: OwnHouse) -> None:
    wanted = a_wanted("CP-1", "SN-1")
    chain = house.signed(wanted).chain
    root = house.has(Rank.ROOT).certificate
    at = house.clock.now()
    checked = check_issued(
        chain, csr=wanted.csr, common_name="SN-1", organisation=OPERATOR, at=at, anchors=Anchors([root], [])
    )
    assert checked == chain
    leaf = chain[0]
    assert leaf.not_before == at - timedelta(hours=1)
    assert leaf.not_after == at + timedelta(days=365)
    assert host_names(leaf) == ()


def test_what_the_request_says_of_itself_is_not_taken_over(house: OwnHouse) -> None:
    csr = a_csr("another name", organisation="Another")
    leaf = house.signed(a_wanted("CP-1", "SN-1", csr=csr)).chain[0]
    assert leaf.common_names == ("SN-1",)
    assert leaf.organisations == (OPERATOR,)


def test_the_organization_of_the_request_stays_when_no_other_is_wanted(house: OwnHouse) -> None:
    csr = a_csr("SN-1", organisation="As asked")
    assert house.signed(a_wanted(organisation=None, csr=csr)).chain[0].organisations == ("As asked",)


def test_a_server_gets_all_of_its_names(house: OwnHouse) -> None:
    """A00.FR.510."""
    leaf = house.signed(for_server("csms.example.com", "alt.example.com", "127.0.0.1")).chain[0]
    assert leaf.common_names == ("csms.example.com",)
    assert host_names(leaf) == ("csms.example.com", "alt.example.com", "127.0.0.1")
    assert leaf.not_after == house.clock.now() + timedelta(days=90)


def test_the_life_may_be_said_and_never_outlasts_the_issuer(house: OwnHouse) -> None:
    short = house.signed(a_wanted(days=0.5)).chain[0]
    assert short.not_after == house.clock.now() + timedelta(hours=12)
    long = house.signed(a_wanted(days=36_500)).chain
    assert long[0].not_after == long[1].not_after


def test_rsa_may_sign_with_pss() -> None:
    """A00.FR.505."""
    for uses_pss, scheme in ((False, padding.PKCS1v15), (True, padding.PSS)):
        house = OwnHouse(policy=OwnPolicy(families=frozenset({KeyFamily.RSA}), uses_pss=uses_pss)).created()
        chain = house.signed(a_wanted(csr=a_csr(key="RSA 2048"))).chain
        for one in chain:
            assert isinstance(one.x509.signature_algorithm_parameters, scheme)
        chain[0].x509.verify_directly_issued_by(chain[1].x509)


def test_the_family_of_the_key_signs_and_the_only_one_signs_all() -> None:
    both = OwnHouse(policy=OwnPolicy()).created()
    for key, kind in (("RSA 2048", "RSA 3072"), ("EC P-256", "EC secp256r1")):
        chain = both.signed(a_wanted(csr=a_csr(key=key))).chain
        assert chain[1].key_kind == kind
    one = OwnHouse().created()
    assert one.signed(a_wanted(csr=a_csr(key="RSA 2048"))).chain[1].key_kind == "EC secp256r1"


@pytest.mark.parametrize("key", ["RSA 1024"])
def test_a_weak_key_is_refused(house: OwnHouse, key: str) -> None:
    """A00.FR.502."""
    with pytest.raises(SigningRefused, match="too weak"):
        house.signed(a_wanted(csr=a_csr(key=key)))


def test_a_request_that_its_sender_did_not_sign_is_refused(house: OwnHouse) -> None:
    good, other = a_csr("SN-1"), a_csr("SN-1")
    forged = good.der[:-8] + other.der[-8:]
    with pytest.raises(SigningRefused, match="signature"):
        house.signed(a_wanted(csr=read_csr(forged)))


def test_a_name_that_no_station_has_is_refused(house: OwnHouse) -> None:
    with pytest.raises(SigningRefused):
        house.signed(a_wanted("CP-1", "https://evil.example", csr=a_csr("SN-1")))


def test_a_request_waits_while_a_key_cannot_be_opened() -> None:
    house = OwnHouse().created()
    house.workspace.unit.execute("UPDATE own_certificate SET sealed_key = 'lost' WHERE rank = 'issuing'")
    with pytest.raises(SigningUnavailable, match="cannot be opened") as waiting:
        house.signed(a_wanted())
    assert waiting.value.needs_person


def test_no_two_have_the_same_serial_number(house: OwnHouse) -> None:
    """A00.FR.508; RFC 5280 §4.1.2.2."""
    serials = {house.signed(a_wanted(csr=a_csr())).chain[0].serial for _ in range(20)}
    assert len(serials) == 20
    assert all(len(serial) > 20 for serial in serials)


def test_a_server_certificate_is_no_client_and_the_other_way_round(house: OwnHouse) -> None:
    for use, usage in ((Use.STATION, ExtendedKeyUsageOID.CLIENT_AUTH), (Use.SERVER, _SERVER)):
        leaf = house.signed(a_wanted() if use is Use.STATION else for_server()).chain[0]
        extended = leaf.x509.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(extended) == [usage]


_SERVER = ExtendedKeyUsageOID.SERVER_AUTH
