"""Stations at the door, in a few words: requests, proofs, and what is known of who sends them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

from forecourt.domain.admission.keys import GeneratedKey, hash_generated
from forecourt.domain.admission.model import (
    Access,
    Caller,
    KeyForm,
    Password,
    PasswordNumber,
    PasswordState,
    SecurityProfile,
    Upgrade,
    UpgradeState,
)
from forecourt.domain.admission.preparing import PreparedPassword, Preparer
from forecourt.domain.trust.model import Policy
from forecourt.gateway.certificates import NO_CERTIFICATE, CertificateProof, CertificateVerdict, Evidence, examine
from forecourt.gateway.credentials import NO_PASSWORD, PasswordProof, PasswordVerdict
from forecourt.gateway.handshake import Admitted, Channel, Decision, Knock, Refused, decide
from tests.gateway.desk import a_station, a_trusting
from tests.support.authority import OPERATOR, Authority, Issued
from tests.support.clock import NOON
from tests.support.workspace import PlainHasher

NONE: Final = SecurityProfile.NONE
BASIC: Final = SecurityProfile.BASIC
TLS_BASIC: Final = SecurityProfile.TLS_BASIC
TLS_CERTIFICATE: Final = SecurityProfile.TLS_CERTIFICATE

SERIAL: Final = "SN-1"
SECRET: Final = b"sixteen-and-more"
POLICY: Final = Policy(cpo_name=OPERATOR)

PLAIN: Final = Channel(listener="ws", is_tls=False)
TLS: Final = Channel(listener="wss", is_tls=True, tls_version="TLSv1.2", cipher="AES128-GCM-SHA256")
OLD_TLS: Final = Channel(listener="old", is_tls=True, is_legacy=True, tls_version="TLSv1", cipher="AES128-SHA")


@functools.cache
def operators_ca() -> Authority:
    return Authority.root("Operator Root", now=NOON)


@functools.cache
def makers_ca() -> Authority:
    return Authority.root("Maker Root", organisation="Maker", now=NOON)


@functools.cache
def its_certificate(common_name: str | Sequence[str] = SERIAL, organisation: str | None = OPERATOR) -> Issued:
    return operators_ca().leaf(common_name, organisation=organisation)


@functools.cache
def makers_certificate(common_name: str = SERIAL) -> Issued:
    return makers_ca().leaf(common_name, organisation="Maker")


def ders(issued: Issued) -> list[bytes]:
    """What its owner shows in TLS."""
    return [certificate.der for certificate in issued.chain]


def proven(issued: Issued) -> CertificateProof:
    """A certificate that is good, of the operator's or the maker's tree."""
    trusting = a_trusting(stations=[operators_ca().certificate], makers=[makers_ca().certificate])
    proof = examine(ders(issued), trusting, NOON)
    assert proof.verdict is CertificateVerdict.GOOD, proof.sentence
    return proof


def a_password(
    number: int = 1, state: PasswordState = PasswordState.CURRENT, *, secret: bytes = SECRET, hashed: str | None = None
) -> Password:
    """With a fast hash, unless another is given."""
    kept = hashed or hash_generated(GeneratedKey(secret))
    return Password(PasswordNumber(number), kept, state, hashed is None, None, NOON, None)


def prepared(secret: bytes) -> PreparedPassword:
    """A password that an operator typed."""
    return Preparer(PlainHasher()).prepare(secret)


def right(password: Password | None = None) -> PasswordProof:
    return PasswordProof(PasswordVerdict.RIGHT, password or a_password(), KeyForm.BYTES)


def an_upgrade(profile: SecurityProfile) -> Upgrade:
    return Upgrade(profile, UpgradeState.ACCEPTED, None, NOON)


def an_access(profile: SecurityProfile = NONE, **facts: object) -> Access:
    given: dict[str, object] = {"serial_number": SERIAL, "passwords": (a_password(),), **facts}
    return Access(profile=profile, **given)  # type: ignore[arg-type]  # the facts are those of Access


def a_knock(channel: Channel = PLAIN, offered: Sequence[str] = ("ocpp1.6",)) -> Knock:
    return Knock(identity="CP-1", address="192.0.2.1", offered=tuple(offered), channel=channel)


def decided(
    access: Access | None,
    channel: Channel = PLAIN,
    *,
    password: PasswordProof = NO_PASSWORD,
    certificate: CertificateProof = NO_CERTIFICATE,
    policy: Policy = POLICY,
    offered: Sequence[str] = ("ocpp1.6",),
) -> Decision:
    return decide(
        a_knock(channel, offered),
        None if access is None else Caller(a_station(), access),
        policy=policy,
        password=password,
        certificate=certificate,
        spoken=["ocpp1.6"],
    )


def admitted(decision: Decision) -> Admitted:
    assert isinstance(decision, Admitted), decision
    return decision


def refused(decision: Decision) -> Refused:
    assert isinstance(decision, Refused), decision
    return decision


def evidence_of(proof: CertificateProof) -> Evidence:
    assert proof.evidence is not None, proof
    return proof.evidence


ITS: Final = proven(its_certificate())
WRONG: Final = PasswordProof(PasswordVerdict.WRONG)
FORMER: Final = PasswordProof(PasswordVerdict.FORMER, a_password(state=PasswordState.FORMER))
