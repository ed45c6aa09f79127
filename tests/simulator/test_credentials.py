"""Credentials from the command line and from files are read as written, and mistakes are told in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from forecourt_simulator.credentials import BadCredentials, for_station, read_certificates, read_keys, read_own
from tests.simulator.authority import Authority, key_pem, pem, the_root

ED25519 = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_password_as_text_is_the_key_of_its_bytes() -> None:
    assert read_keys(key=None, password="OCA_OCTT_admin_test", file=None).find("CP") == (
        "4F43415F4F4354545F61646D696E5F74657374".lower()
    )
    assert read_keys(key="00fF", password=None, file=None).find("CP") == "00fF"
    assert read_keys(key=None, password=None, file=None).find("CP") is None


def test_keys_are_not_shown() -> None:
    assert "0011" not in repr(read_keys(key="0011" * 8, password=None, file=None))


def test_a_file_gives_every_station_its_own(tmp_path: Path) -> None:
    file = tmp_path / "keys.csv"
    file.write_text("# identity,key\n\nCP 1,0011\nCP,2,aabb\n")
    keys = read_keys(key="ffff", password=None, file=file)
    assert [keys.find(name) for name in ("CP 1", "CP,2", "CP 3")] == ["0011", "aabb", "ffff"]
    assert read_keys(key=None, password=None, file=file).find("CP 3") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [("CP 1 0011", "line 1: an identity, a comma and a key"), ("CP,00\nCP,0g", "line 2: a key is written in hexadec")],
)
def test_a_wrong_line_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "keys.csv"
    file.write_text(text)
    with pytest.raises(BadCredentials, match=message):
        read_keys(key=None, password=None, file=file)


def test_two_passwords_are_one_too_many() -> None:
    with pytest.raises(BadCredentials, match="not both"):
        read_keys(key="00", password="x", file=None)


@pytest.mark.parametrize("key", ["", "0", "xy"])
def test_a_key_that_is_not_hexadecimal_is_refused(key: str) -> None:
    with pytest.raises(BadCredentials, match="--key: a key is written in hexadecimal"):
        read_keys(key=key, password=None, file=None)


def test_a_certificate_comes_with_its_issuers_and_its_key(tmp_path: Path) -> None:
    own = Authority("Below", parent=the_root()).own("SN-1")
    certificate, key = tmp_path / "CP-1.pem", tmp_path / "CP-1.key"
    certificate.write_text("".join(map(pem, own.chain)))
    key.write_bytes(key_pem(own))
    read = read_own(for_station(tmp_path / "{name}.pem", "CP-1"), for_station(tmp_path / "{name}.key", "CP-1"))
    assert read.chain == own.chain
    assert read.key.public_key() == own.key.public_key()
    assert read.common_name == "SN-1"


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read: No such file"), (b"hello", "no private key as PEM"), (ED25519, "neither RSA nor EC")],
)
def test_files_that_cannot_be_used_are_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "c.key"
    certificate.write_text(the_root().pem)
    if content is not None:
        key.write_bytes(content)
    with pytest.raises(BadCredentials, match=message):
        read_own(certificate, key)
    with pytest.raises(BadCredentials, match=r"holds no certificate as PEM|cannot be read"):
        read_certificates(key)
