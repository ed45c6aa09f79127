"""Answers OCSP requests (RFC 6960, RFC 5019) without letting anybody make this process sign without bound.

An answer that was signed is given again for half of its life, to whoever asks the same. What has to be signed anew is
limited in all; above that the answer is ``tryLater``, which nobody signs.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from cryptography.x509.ocsp import OCSPResponseStatus

from forecourt.clock import Clock
from forecourt.domain.authorities.model import OpenedOwn, OwnCertificate
from forecourt.domain.services import Services, Workspace
from forecourt.pki.errors import BadOcsp, PkiError
from forecourt.pki.keys import PrivateKey
from forecourt.pki.ocsp_answers import OcspQuestion, Standing, answer_ocsp, read_question, refusal_of_ocsp

LIFE: Final = timedelta(hours=1)
"""How long an answer is good. A revocation is answered at once here, and by caches after this at the latest."""
KEPT: Final = 5_000
"""Answers, of some 2 KiB each."""
PER_SECOND: Final = 50.0
BURST: Final = 100.0
"""Signatures: a core makes some thousands in a second."""

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
    responder: OpenedOwn
    set_back: timedelta
    """So much earlier an answer begins, for clocks that are late."""


class OcspDesk:
    """The responder of all own CAs. One per process."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._workspace = workspace
        self._clock = clock
        self._answers: OrderedDict[tuple[str, str, Standing, str], tuple[datetime, bytes]] = OrderedDict()
        self._left = BURST
        self._counted_at: float | None = None
        self._thread = ThreadPoolExecutor(1, "ocsp")
        self.signed = 0
        """Signatures that were made."""

    async def answer(self, address: str, request: bytes) -> OcspReply:
        """Raises DomainError NOT_FOUND when no own CA has this address, and UNAVAILABLE."""
        loop = asyncio.get_running_loop()
        try:
            question = await loop.run_in_executor(self._thread, read_question, request)
        except BadOcsp:
            return _refusal(OCSPResponseStatus.MALFORMED_REQUEST)
        known = await self._workspace.read(functools.partial(_known, address, question.serial))
        now = self._clock.now()
        digest = hashlib.sha256(request).hexdigest()
        name = (address, digest, known.standing, known.responder.own.fingerprint)
        kept = self._answers.get(name)
        if kept is not None and now - kept[0] < LIFE / 2:
            return OcspReply(kept[1], kept[0] + LIFE - now)
        if not self._may_sign():
            return _refusal(OCSPResponseStatus.TRY_LATER)
        try:
            der = await loop.run_in_executor(self._thread, functools.partial(_signed, known, question, now))
        except PkiError as error:
            _log.warning("ocsp_not_answered", issuer=address, reason=str(error))
            return _refusal(OCSPResponseStatus.INTERNAL_ERROR)
        self.signed += 1
        if question.nonce is None:
            self._answers[name] = (now, der)
            self._answers.move_to_end(name)
            while len(self._answers) > KEPT:
                self._answers.popitem(last=False)
        return OcspReply(der, LIFE)

    def _may_sign(self) -> bool:
        now = self._clock.monotonic()
        since = now if self._counted_at is None else self._counted_at
        self._left = min(BURST, self._left + max(0.0, now - since) * PER_SECOND)
        self._counted_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def _known(address: str, serial: int, services: Services) -> _Known:
    own_ca = services.own_ca
    issuer = own_ca.served(address)
    return _Known(issuer, own_ca.standing(issuer, serial), own_ca.responder(issuer), own_ca.policy().set_back)


def _signed(known: _Known, question: OcspQuestion, at: datetime) -> bytes:
    key = known.responder.key
    assert isinstance(key, PrivateKey)  # noqa: S101  # responders are never in a token
    at = at.replace(microsecond=0)
    return answer_ocsp(
        question,
        known.standing,
        issuer=known.issuer.certificate,
        responder=known.responder.own.certificate,
        key=key.for_signing,
        at=max(at - known.set_back, known.responder.own.certificate.not_before),
        next_update=at + LIFE,
    )


def _refusal(status: OCSPResponseStatus) -> OcspReply:
    return OcspReply(refusal_of_ocsp(status), timedelta(0))
