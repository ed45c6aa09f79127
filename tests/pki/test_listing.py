"""Lists of revoked certificates of our own, as openssl and pkilint see them (RFC 5280 §5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from forecourt.pki.certificate import Certificate
from forecourt.pki.errors import CannotSign
from forecourt.pki.keys import KeyKind
from forecourt.pki.listing import can_be_listed, make_crl
from forecourt.pki.profiles import STATION
from forecourt.pki.reasons import Reason
from forecourt.pki.revocation import Crl, check_crl, read_crl
from tests.support.linting import findings_in_crl
from tests.support.openssl import openssl
from tests.support.own_hierarchy import KINDS, OwnHierarchy

DAY = timedelta(days=1)


def a_list(own: OwnHierarchy, *entries: tuple[int, datetime, Reason], number: int = 1) -> Crl:
    return make_crl(
        own.issuing.certificate,
        own.issuing.key.for_signing,
        entries,
        number=number,
        this_update=own.now,
        next_update=own.now + DAY,
        uses_pss=own.uses_pss,
    )


def serial(certificate: Certificate) -> int:
    return certificate.x509.serial_number


@pytest.mark.parametrize("uses_pss", [False, True], ids=["pkcs1", "pss"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_list_names_what_was_revoked(kind: KeyKind, uses_pss: bool, tmp_path: Path) -> None:
    own = OwnHierarchy.of(kind, uses_pss=uses_pss)
    bad, good = own.issue(STATION), own.issue(STATION)
    crl = a_list(own, (serial(bad), own.now - DAY, Reason.KEY_COMPROMISE), number=7)
    assert (crl.is_revoked(bad), crl.is_revoked(good)) == (True, False)
    assert (crl.covers(bad), crl.covers(good)) == (True, True)
    check_crl(read_crl(crl.der), own.issuing.certificate, own.now)
    assert findings_in_crl(crl.der, tmp_path) == ""
    assert crl_number(crl) == 7
    assert openssl_crl(own, crl, tmp_path) == "verify OK"
    assert openssl_checks(own, bad, crl, tmp_path) == "certificate revoked"
    assert openssl_checks(own, good, crl, tmp_path) == "OK"


def test_an_empty_list(tmp_path: Path) -> None:
    own = OwnHierarchy.of("EC secp256r1")
    crl = a_list(own)
    assert not crl.serials
    assert findings_in_crl(crl.der, tmp_path) == ""
    assert openssl_checks(own, own.issue(STATION), crl, tmp_path) == "OK"


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_written_as_rfc_5280_spells_it(reason: Reason, tmp_path: Path) -> None:
    """§5.3.1: what is unspecified is said by saying nothing."""
    own = OwnHierarchy.of("EC secp256r1")
    crl = a_list(own, (5, own.now, reason))
    assert findings_in_crl(crl.der, tmp_path) == ""
    entry = crl.x509.get_revoked_certificate_by_serial_number(5)
    assert entry is not None
    written = [extension.value.reason.value for extension in entry.extensions]
    assert written == ([] if reason is Reason.UNSPECIFIED else [reason.value])


def test_pkilint_would_find_something(tmp_path: Path) -> None:
    """So that the tests above can fail."""
    own = OwnHierarchy.of("EC secp256r1")
    builder = x509.CertificateRevocationListBuilder(own.issuing.certificate.x509.subject)
    bare = builder.last_update(own.now).next_update(own.now + DAY).sign(own.issuing.key.for_signing, hashes.SHA256())
    assert "crl_number_missing" in findings_in_crl(bare.public_bytes(Encoding.DER), tmp_path)


def test_a_list_of_20_000_entries_names_them_all() -> None:
    own = OwnHierarchy.of("EC secp256r1")
    crl = a_list(own, *((number, own.now, Reason.SUPERSEDED) for number in range(1, 20_001)))
    assert crl.serials == set(range(1, 20_001))


def test_a_list_needs_the_key_of_its_ca() -> None:
    own = OwnHierarchy.of("EC secp256r1")
    with pytest.raises(CannotSign, match="is not that of"):
        make_crl(
            own.issuing.certificate,
            own.root.key.for_signing,
            [],
            number=1,
            this_update=own.now,
            next_update=own.now + DAY,
        )


@pytest.mark.parametrize("lasts", [timedelta(0), -DAY])
def test_a_list_that_ends_when_it_begins_is_not_made(lasts: timedelta) -> None:
    own = OwnHierarchy.of("EC secp256r1")
    with pytest.raises(CannotSign, match="must end after it begins"):
        make_crl(
            own.issuing.certificate,
            own.issuing.key.for_signing,
            [],
            number=1,
            this_update=own.now,
            next_update=own.now + lasts,
        )


@pytest.mark.parametrize("number", [-1, 2**159])
def test_a_list_has_a_number_of_20_octets_at_most(number: int) -> None:
    """RFC 5280 §5.2.3."""
    own = OwnHierarchy.of("EC secp256r1")
    with pytest.raises(CannotSign, match=r"cannot have the number .* \(RFC 5280 §5\.2\.3\)"):
        a_list(own, number=number)
    assert crl_number(a_list(own, number=2**159 - 1)) == 2**159 - 1


def test_nothing_is_listed_twice() -> None:
    own = OwnHierarchy.of("EC secp256r1")
    with pytest.raises(CannotSign, match="cannot name the serial number A5 twice"):
        a_list(own, (0xA5, own.now, Reason.KEY_COMPROMISE), (0xA5, own.now - DAY, Reason.SUPERSEDED))


def test_what_a_clock_ahead_has_revoked_is_revoked_as_of_the_list() -> None:
    own = OwnHierarchy.of("EC secp256r1")
    crl = a_list(own, (5, own.now + DAY, Reason.KEY_COMPROMISE))
    assert [entry.revocation_date_utc for entry in crl.x509] == [own.now]


@pytest.mark.parametrize("serial_number", [0, -4, 2**159])
def test_only_what_a_certificate_can_have_is_listed(serial_number: int) -> None:
    own = OwnHierarchy.of("EC secp256r1")
    assert not can_be_listed(serial_number)
    with pytest.raises(CannotSign, match="No list of revoked certificates could be made"):
        a_list(own, (serial_number, own.now, Reason.KEY_COMPROMISE))
    assert can_be_listed(2**159 - 1)
    assert a_list(own, (2**159 - 1, own.now, Reason.KEY_COMPROMISE)).serials == {2**159 - 1}


def crl_number(crl: Crl) -> int:
    return crl.x509.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def openssl_crl(own: OwnHierarchy, crl: Crl, directory: Path) -> str:
    issuer, path = directory / "issuer.pem", directory / "list.crl"
    issuer.write_text(own.issuing.certificate.pem)
    path.write_bytes(crl.der)
    return openssl("crl", "-inform", "DER", "-in", path, "-CAfile", issuer, "-noout").strip()


def openssl_checks(own: OwnHierarchy, leaf: Certificate, crl: Crl, directory: Path) -> str:
    """What openssl says of a certificate when it has the list."""
    files = {"root": own.root.certificate.pem, "between": own.issuing.certificate.pem, "leaf": leaf.pem}
    files["list"] = crl.x509.public_bytes(Encoding.PEM).decode()
    paths = {name: directory / f"{name}.pem" for name in files}
    for name, text in files.items():
        paths[name].write_text(text)
    given = ("-CAfile", paths["root"], "-untrusted", paths["between"], "-CRLfile", paths["list"], paths["leaf"])
    said = openssl("verify", "-x509_strict", "-crl_check", *given, must_succeed=False)
    return "certificate revoked" if "certificate revoked" in said else said.strip().rpartition(" ")[2]
