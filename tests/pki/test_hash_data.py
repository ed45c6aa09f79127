"""CertificateHashData (security whitepaper §6.1): the same hashes as those of OCSP tools."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from forecourt.pki.certificate import Certificate
from forecourt.pki.hash_data import HashAlgorithm, HashData, hash_data, matches
from tests.support.authority import Authority
from tests.support.openssl import openssl

ALGORITHMS: list[HashAlgorithm] = ["SHA256", "SHA384", "SHA512"]
KEYS = ["RSA 2048", "EC P-256", "EC P-384"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("key", KEYS)
def test_a_root_is_its_own_issuer(key: str, algorithm: HashAlgorithm) -> None:
    root = Authority.root(key=key).certificate
    made = hash_data(root, None, algorithm)
    assert made == hash_data(root, root, algorithm)
    assert made.issuer_name_hash == hashed(algorithm, root.x509.subject.public_bytes())
    assert made.issuer_key_hash == hashed(algorithm, key_bits(root))
    assert made.serial == f"{root.x509.serial_number:X}"
    assert matches(root, None, made)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("key", KEYS)
def test_openssl_computes_the_same(key: str, algorithm: HashAlgorithm, tmp_path: Path) -> None:
    root = Authority.root(key=key)
    sub = root.sub().certificate
    issuer, leaf = root.write(tmp_path), tmp_path / "leaf.pem"
    leaf.write_text(sub.pem)
    said = openssl("ocsp", f"-{algorithm.lower()}", "-issuer", issuer, "-cert", leaf, "-req_text", "-no_nonce")
    found = {
        name.strip(): value.strip()
        for name, _, value in (line.partition(":") for line in said.replace("\\\n", "").splitlines())
    }
    made = hash_data(sub, root.certificate, algorithm)
    assert made.issuer_name_hash.upper() == found["Issuer Name Hash"]
    assert made.issuer_key_hash.upper() == found["Issuer Key Hash"]
    assert made.serial.lstrip("0") == found["Serial Number"].lstrip("0")


def test_a_serial_number_has_no_leading_zero() -> None:
    """§6.1: 4095 is FFF."""
    root = Authority.root()
    leaf = root.leaf(serial=4_095).certificate
    assert hash_data(leaf, root.certificate, "SHA256").serial == "FFF"


def test_letters_of_either_case_and_zeros_name_the_same() -> None:
    """Edition 3 compares without case; stations write zeros and 0x all the same."""
    root = Authority.root()
    leaf = root.leaf(serial=0x00AB_CDEF).certificate
    made = hash_data(leaf, root.certificate, "SHA256")
    upper = replace(made, issuer_name_hash=made.issuer_name_hash.upper(), issuer_key_hash=made.issuer_key_hash.upper())
    for serial in ("ABCDEF", "abcdef", "00abcdef", "0xABCDEF"):
        assert matches(leaf, root.certificate, replace(upper, serial=serial))


@pytest.mark.parametrize("part", ["issuer_name_hash", "issuer_key_hash", "serial"])
def test_every_part_counts(part: str) -> None:
    root = Authority.root().certificate
    made = hash_data(root, None, "SHA384")
    values = {"issuer_name_hash": made.issuer_name_hash, "issuer_key_hash": made.issuer_key_hash, "serial": made.serial}
    values[part] = values[part][:-1] + ("0" if values[part][-1] != "0" else "1")
    assert not matches(root, None, HashData(made.algorithm, **values))


def test_another_algorithm_names_it_otherwise() -> None:
    root = Authority.root().certificate
    made = hash_data(root, None, "SHA256")
    assert not matches(root, None, HashData("SHA512", made.issuer_name_hash, made.issuer_key_hash, made.serial))


def test_an_algorithm_that_ocpp_does_not_have_names_nothing() -> None:
    """Stations send what they like."""
    root = Authority.root().certificate
    made = hash_data(root, None, "SHA256")
    unknown: HashAlgorithm = "SHA1"  # type: ignore[assignment]  # as it comes from outside
    assert not matches(root, None, replace(made, algorithm=unknown))


def test_a_wrong_issuer_does_not_match() -> None:
    """The name alone proves nothing: another CA may have the same."""
    root, other = Authority.root(), Authority.root()
    leaf = root.leaf().certificate
    assert not matches(leaf, other.certificate, hash_data(leaf, root.certificate, "SHA256"))


def hashed(algorithm: HashAlgorithm, content: bytes) -> str:
    return hashlib.new(algorithm.lower(), content).hexdigest()


def key_bits(certificate: Certificate) -> bytes:
    """What stands in the bit string of the public key: PKCS #1 for RSA, the point for a curve."""
    key = certificate.x509.public_key()
    if certificate.key_kind.startswith("RSA"):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
