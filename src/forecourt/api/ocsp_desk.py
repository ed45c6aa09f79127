"""Answers OCSP requests (RFC 6960, RFC 5019) without letting anybody make this process work without bound.

Who asks too often is answered with ``tryLater`` before anything else is done. What was signed is given again for half
of its life, to whoever asks for the same certificate. What has to be signed anew is limited for each peer and in all.
Refusals are signed by nobody: of what this authority has not issued, or does not remember, it says ``unauthorized``
(RFC 5019 §2.2.3).
"""

from __future__ import annotations

import asyncio
import functools
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog
from cryptography.x509.ocsp import OCSPResponseStatus

from forecourt.asgi.throttle import Throttle
from forecourt.clock import Clock
from forecourt.domain.authorities.model import OpenedOwn, OwnCertificate
from forecourt.domain.services import Services, Workspace
from forecourt.pki.errors import BadOcsp, PkiError
from forecourt.pki.keys import PrivateKey
from forecourt.pki.ocsp_answers import (
    OcspQuestion,
    Standing,
    answer_ocsp,
    is_asked_of,
    read_question,
    refusal_of_ocsp,
)

LIFE: Final = timedelta(hours=1)
"""How long an answer is good. A revocation is answered at once here, and by caches after this at the latest."""
KEPT: Final = 5_000
"""Answers, of some 2 KiB each; those that were asked for last."""
ASKED_PER_SECOND: Final = 100.0
ASKED_BURST: Final = 200.0
"""Questions of one peer. A proxy in front of this process is one peer."""
PER_SECOND: Final = 50.0
BURST: Final = 100.0
"""Signatures in all: a core makes some thousands in a second."""
SHARE: Final = 0.5
"""Of these for one peer, so that it cannot keep the others waiting."""

_ALL: Final = "all"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OcspReply:
    """An answer in DER."""

    der: bytes
    good_for: timedelta
    """How long it may be kept by others; nothing for a refusal."""


@dataclass(frozen=True, slots=True)
class _Known:
    issuer: OwnCertificate
    standing: Standing
    responder: OwnCertificate
    set_back: timedelta
    """So much earlier an answer begins, for clocks that are late."""


class _Name(NamedTuple):
    """All that an answer without a nonce depends on."""

    address: str
    serial: int
    hash_name: str
    standing: Standing
    responder: str


class OcspDesk:
    """The responder of all own CAs. One per process."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._workspace = workspace
        self._clock = clock
        self._answers: OrderedDict[_Name, tuple[datetime, bytes]] = OrderedDict()
        self._asked = Throttle(burst=ASKED_BURST, seconds_per_attempt=1 / ASKED_PER_SECOND)
        self._signs = Throttle(burst=BURST, seconds_per_attempt=1 / PER_SECOND)
        self._signs_for = Throttle(burst=SHARE * BURST, seconds_per_attempt=1 / (SHARE * PER_SECOND))
        self._thread = ThreadPoolExecutor(1, "ocsp")
        self.signed = 0
        """Signatures that were made."""

    async def answer(self, address: str, request: bytes, *, peer: str) -> OcspReply:
        """``peer`` is the address of who asks. Raises DomainError NOT_FOUND when no own CA has this address, and
        UNAVAILABLE."""
        if self._asked.seconds_to_wait(peer, self._clock.monotonic()) > 0:
            return _refusal(OCSPResponseStatus.TRY_LATER)
        loop = asyncio.get_running_loop()
        try:
            question = await loop.run_in_executor(self._thread, read_question, request)
        except BadOcsp:
            return _refusal(OCSPResponseStatus.MALFORMED_REQUEST)
        known = await self._workspace.read(functools.partial(_known, address, question))
        if known is None:
            return _refusal(OCSPResponseStatus.UNAUTHORIZED)
        now = self._clock.now()
        name = _Name(address, question.serial, question.hash_name, known.standing, known.responder.fingerprint)
        kept = None if question.nonce is not None else self._kept(name, now)
        return kept or await self._signed_now(name, known, question, now, peer)

    def _kept(self, name: _Name, now: datetime) -> OcspReply | None:
        kept = self._answers.get(name)
        if kept is None or now - kept[0] >= LIFE / 2:
            return None
        self._answers.move_to_end(name)
        return OcspReply(kept[1], kept[0] + LIFE - now)

    async def _signed_now(
        self, name: _Name, known: _Known, question: OcspQuestion, now: datetime, peer: str
    ) -> OcspReply:
        if not self._may_sign(peer):
            return _refusal(OCSPResponseStatus.TRY_LATER)
        opened = await self._workspace.read(lambda services: services.own_ca.opened(known.responder))
        work = functools.partial(_signed, known, opened, question, now)
        try:
            der = await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except PkiError as error:
            _log.warning("ocsp_not_answered", issuer=name.address, reason=str(error))
            return _refusal(OCSPResponseStatus.INTERNAL_ERROR)
        self.signed += 1
        if question.nonce is None:
            self._answers[name] = (now, der)
            self._answers.move_to_end(name)
            while len(self._answers) > KEPT:
                self._answers.popitem(last=False)
        return OcspReply(der, LIFE)

    def _may_sign(self, peer: str) -> bool:
        now = self._clock.monotonic()
        return self._signs_for.seconds_to_wait(peer, now) <= 0 and self._signs.seconds_to_wait(_ALL, now) <= 0


def _known(address: str, question: OcspQuestion, services: Services) -> _Known | None:
    """None for what is not ours, or not known."""
    own_ca = services.own_ca
    issuer = own_ca.served(address)
    standing = own_ca.standing(issuer, question.serial) if is_asked_of(question, issuer.certificate) else None
    if standing is None:
        return None
    return _Known(issuer, standing, own_ca.responder(issuer), own_ca.policy().set_back)


def _signed(known: _Known, opened: OpenedOwn, question: OcspQuestion, at: datetime) -> bytes:
    key = opened.key
    assert isinstance(key, PrivateKey)  # noqa: S101  # responders are never in a token
    at = at.replace(microsecond=0)
    return answer_ocsp(
        question,
        known.standing,
        issuer=known.issuer.certificate,
        responder=known.responder.certificate,
        key=key.for_signing,
        at=max(at - known.set_back, known.responder.certificate.not_before),
        next_update=at + LIFE,
    )


def _refusal(status: OCSPResponseStatus) -> OcspReply:
    return OcspReply(refusal_of_ocsp(status), timedelta(0))
