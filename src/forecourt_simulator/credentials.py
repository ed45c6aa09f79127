"""Credentials of simulated stations as people bring them: files, passwords, keys. Mistakes are told in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from forecourt_simulator.own_certificate import Own


class BadCredentials(Exception):
    """Something that was given cannot be used; the text says what and why."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The AuthorizationKeys of a fleet, in hexadecimal: one for all, or one for each."""

    common: str | None = field(default=None, repr=False)
    each: Mapping[str, str] | None = field(default=None, repr=False)

    def find(self, identity: str) -> str | None:
        return self.common if self.each is None else self.each.get(identity, self.common)


def read_keys(*, key: str | None, password: str | None, file: Path | None) -> Keys:
    """``key`` is hexadecimal, ``password`` text, and the file has lines of an identity, a comma and a key. Raises
    BadCredentials."""
    if key is not None and password is not None:
        raise BadCredentials("Give --key or --password, not both: they are two ways to write one thing.")
    common = key if password is None else password.encode().hex()
    if common is not None:
        check_key(common, "--key")
    return Keys(common, None if file is None else read_key_file(file))


def read_key_file(path: Path) -> dict[str, str]:
    """Lines of an identity, a comma and a key in hexadecimal; what follows a ``#`` at the start of a line is nothing.
    Raises BadCredentials."""
    found: dict[str, str] = {}
    for number, line in enumerate(_read(path).decode("utf-8", "replace").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        identity, comma, key = line.rpartition(",")
        if not comma:
            raise BadCredentials(f"{path}, line {number}: an identity, a comma and a key were expected.")
        found[identity.strip()] = check_key(key.strip(), f"{path}, line {number}")
    return found


def check_key(key: str, where: str) -> str:
    """Any bytes in hexadecimal: how many there have to be is the central system's to say. Raises BadCredentials."""
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", key, re.ASCII) is None:
        raise BadCredentials(f"{where}: a key is written in hexadecimal, two digits for every byte.")
    return key


def read_certificates(path: Path) -> list[x509.Certificate]:
    """All certificates of a PEM file. Raises BadCredentials."""
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError as unreadable:
        raise BadCredentials(f"{path} holds no certificate as PEM: {unreadable}") from unreadable


def read_own(certificate: Path, private_key: Path) -> Own:
    """A certificate with those of its issuers, and its key, without a password. Raises BadCredentials."""
    chain = read_certificates(certificate)
    try:
        key = load_pem_private_key(_read(private_key), None)
    except (ValueError, TypeError) as unreadable:
        raise BadCredentials(f"{private_key} holds no private key as PEM without a password.") from unreadable
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise BadCredentials(f"{private_key} holds a key that is neither RSA nor EC.")
    return Own(key, tuple(chain))


def for_station(path: Path, identity: str) -> Path:
    """The path with ``{name}`` replaced, so that every station of a fleet can have files of its own."""
    return Path(str(path).replace("{name}", identity))


def read_roots(paths: Sequence[Path]) -> list[x509.Certificate]:
    return [certificate for path in paths for certificate in read_certificates(path)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as unreadable:
        raise BadCredentials(f"{path} cannot be read: {unreadable.strerror}.") from unreadable
