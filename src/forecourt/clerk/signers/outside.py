"""What signers of authorities outside have in common: they bring an answer, and it is checked before it counts."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from forecourt.clock import Clock
from forecourt.domain.signing.model import (
    Assignment,
    Issued,
    SigningRefused,
    SigningResult,
    SigningUnavailable,
    Use,
    Waiting,
)
from forecourt.pki.certificate import Certificate, read_bundle, read_certificate
from forecourt.pki.errors import PathRefused, PkiError
from forecourt.pki.issued import check_issued
from forecourt.pki.path import Anchors, verify_path


@dataclass(frozen=True, slots=True)
class Answered:
    """What an authority answered: PEM, or certificates, leaf first. Nothing in it is checked yet."""

    chain: str | bytes | tuple[Certificate, ...]
    roots: tuple[Certificate, ...] = ()
    """What the authority was known by when it was asked, besides its setting ``roots``."""


class Outside(Protocol):
    """One authority outside."""

    def obtain(self, assignment: Assignment) -> Answered | Waiting:
        """Raises SigningRefused and SigningUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Trusted:
    """What certificates of a use may lead to, from the store of trust."""

    anchors: tuple[Certificate, ...]
    intermediates: tuple[Certificate, ...]


class CheckedSigner:
    """A Signer that lets nothing of an outside authority pass that was not asked for, or that leads nowhere."""

    def __init__(self, outside: Outside, trusted: Mapping[Use, Trusted], clock: Clock) -> None:
        self._outside = outside
        self._trusted = trusted
        self._clock = clock

    def sign(self, assignment: Assignment) -> SigningResult:
        answer = self._outside.obtain(assignment)
        if isinstance(answer, Waiting):
            return answer
        wanted, name = assignment.wanted, assignment.authority.name
        anchors = self._anchors(assignment, answer.roots)
        is_server = wanted.use is Use.SERVER
        try:
            chain = check_issued(
                answer.chain,
                csr=wanted.csr,
                common_name=wanted.common_name,
                organisation=None if is_server else wanted.organisation,  # public authorities leave it out
                host_names=wanted.host_names,
                days=wanted.days,
                at=self._clock.now(),
                anchors=anchors,
            )
            return Issued(self._completed(chain, anchors))
        except PkiError as error:
            sentence = f"What the authority {name!r} answered cannot be used. {error}"
            raise SigningRefused(sentence) from error

    def _anchors(self, assignment: Assignment, known: Sequence[Certificate]) -> Anchors:
        """Those of the store, those that are set for the authority, and for servers without such ones those of the
        operating system: stations are not judged by them."""
        use = assignment.wanted.use
        store = self._trusted[use]
        own = [*known, *read_roots(assignment.authority.settings.get("roots"))]
        if not own and use is Use.SERVER:
            own = _system_roots()
        roots = [one for one in own if one.is_self_issued]
        return Anchors([*store.anchors, *roots], [*store.intermediates, *(one for one in own if one not in roots)])

    def _completed(self, chain: tuple[Certificate, ...], anchors: Anchors) -> tuple[Certificate, ...]:
        """With what is missing between its end and the anchor: peers that have the anchor only must find the way."""
        at = max(self._clock.now(), chain[0].not_before)
        try:
            path = verify_path(chain[0], chain[1:], anchors, at)
        except PathRefused:  # it was just verified
            return chain
        return path[:-1] if len(path) > len(chain) + 1 else chain


def read_roots(pem: str | None) -> list[Certificate]:
    """Certificates of a setting. Raises SigningUnavailable."""
    if not pem:
        return []
    try:
        found = read_bundle(pem)
    except PkiError as error:
        raise SigningUnavailable(f"The roots of this authority cannot be read: {error}", needs_person=True) from error
    return [one for one in found if isinstance(one, Certificate)]


def _system_roots() -> list[Certificate]:
    found = []
    for der in ssl.create_default_context().get_ca_certs(binary_form=True):
        try:
            found.append(read_certificate(der))
        except PkiError:  # one odd root of the system is no reason to have none
            continue
    return found
