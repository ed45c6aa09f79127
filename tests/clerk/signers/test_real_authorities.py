"""Real authorities outside, in the long rounds: what the tests' own servers say is what those say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from josepy.json_util import encode_b64jose
from josepy.jwk import JWK, JWKEC

from forecourt.clerk.signers.outside import CheckedSigner, Trusted
from forecourt.clerk.signers.step import StepAuthority
from forecourt.clock import SystemClock
from forecourt.domain.signing.model import (
    Assignment,
    Issued,
    SigningRefused,
    SigningUnavailable,
    Use,
    Wanted,
)
from tests.support.authority import Authority
from tests.support.daemons import running
from tests.support.go_programs import go_program
from tests.support.ports import free_port
from tests.support.signings import a_wanted, an_assignment, for_server

STEP_CA = "github.com/smallstep/certificates/cmd/step-ca@v0.30.2"
SUBJECT_AS_ASKED = """{
  "subject": {{ toJson .Insecure.CR.Subject }},
  "sans": {{ toJson .SANs }},
  "keyUsage": ["digitalSignature"],
  "extKeyUsage": ["clientAuth", "serverAuth"]
}"""
"""As docs/outside-authorities.md gives it, for servers as well."""


@dataclass
class Step:
    url: str
    root: Authority
    key: JWK

    def asked(self, wanted: Wanted, **settings: str) -> Assignment:
        told = {"url": self.url, "provisioner": "forecourt", "roots": self.root.pem, **settings}
        given = {name: value for name, value in told.items() if value}
        return an_assignment(wanted, kind="step", settings=given, secrets={"key": self.key.json_dumps()})


@contextmanager
def running_step(folder: Path) -> Iterator[Step]:
    program = go_program("step-ca", STEP_CA)
    root = Authority.root("step root")
    issuing = root.sub("step issuing", path_length=0)
    (folder / "root.pem").write_text(root.pem)
    (folder / "issuing.pem").write_text(issuing.pem)
    key_pem = _key_pem(issuing)
    (folder / "issuing.key").write_text(key_pem)
    port = free_port()
    provisioner = JWKEC(key=ec.generate_private_key(ec.SECP256R1()))
    public = json.loads(provisioner.public_key().json_dumps())
    settings = {
        "root": str(folder / "root.pem"),
        "crt": str(folder / "issuing.pem"),
        "key": str(folder / "issuing.key"),
        "address": f"127.0.0.1:{port}",
        "dnsNames": ["localhost"],
        "logger": {"format": "text"},
        "db": {"type": "badgerv2", "dataSource": str(folder / "db")},
        "authority": {
            "provisioners": [
                {
                    "type": "JWK",
                    "name": "forecourt",
                    "key": public | {"use": "sig", "alg": "ES256", "kid": _thumbprint(provisioner)},
                    "options": {"x509": {"template": SUBJECT_AS_ASKED}},
                }
            ]
        },
    }
    (folder / "ca.json").write_text(json.dumps(settings))
    with running([str(program), str(folder / "ca.json")], folder / "log", [port]):
        yield Step(f"https://localhost:{port}", root, provisioner)


def _thumbprint(key: JWK) -> str:
    return encode_b64jose(key.thumbprint())


def _key_pem(authority: Authority) -> str:
    key = authority.signing_key
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.mark.prove
def test_a_real_step_ca_signs_for_stations_and_servers(tmp_path: Path) -> None:
    with running_step(tmp_path) as step:
        signer = CheckedSigner(StepAuthority(SystemClock()), dict.fromkeys(Use, Trusted((), ())), SystemClock())
        station = signer.sign(step.asked(a_wanted(days=0.5)))
        assert isinstance(station, Issued)
        server = signer.sign(step.asked(for_server("csms.example.com", "other.example.com")))
        assert isinstance(server, Issued)
        known = step.root.certificate.fingerprint
        assert isinstance(signer.sign(step.asked(a_wanted(), roots="", fingerprint=known)), Issued)
        with pytest.raises(SigningUnavailable, match=r"fingerprint"):
            StepAuthority(SystemClock()).obtain(step.asked(a_wanted(), roots="", fingerprint="0" * 64))
        other = replace(step, key=JWKEC(key=ec.generate_private_key(ec.SECP256R1())))
        with pytest.raises(SigningUnavailable, match="does not let us ask") as unknown:
            signer.sign(other.asked(a_wanted()))
        assert unknown.value.needs_person
        with pytest.raises((SigningRefused, SigningUnavailable), match="status 4"):
            signer.sign(step.asked(a_wanted(days=365 * 20)))
