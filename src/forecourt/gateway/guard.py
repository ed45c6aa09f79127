"""Proves certificates for the door and for links that are open, by one rule: ours first, then what their CA says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from forecourt.clock import Clock
from forecourt.domain.admission.model import Caller, SecurityProfile
from forecourt.domain.trust.model import RevocationMode
from forecourt.gateway import handshake
from forecourt.gateway.certificates import (
    CertificateProof,
    CertificateVerdict,
    Evidence,
    examine,
    examine_again,
    revoked,
    still_holds,
    unknown,
)
from forecourt.gateway.connection import Connection
from forecourt.gateway.refusals import Refused
from forecourt.gateway.revocation_desk import RevocationDesk, State
from forecourt.gateway.trust import Trusting


class Guard:
    """Knows what is trusted now."""

    def __init__(self, trusting: Callable[[], Trusting], revocation: RevocationDesk, clock: Clock) -> None:
        self._trusting = trusting
        self._revocation = revocation
        self._clock = clock

    @property
    def trusting(self) -> Trusting:
        """As of now; keep it for as long as one decision."""
        return self._trusting()

    async def prove(self, chain: Sequence[bytes], trusting: Trusting, *, is_needed: bool) -> CertificateProof:
        """What a chain proves. A CA is asked only about a certificate that is needed. Never raises."""
        proof = examine(chain, trusting, self._clock.now())
        return await self._with_its_ca(proof, trusting, may_fetch=is_needed)

    async def objection(self, connection: Connection, caller: Caller | None) -> Refused | None:
        """Why an open link may not stay, or None.

        Its certificate is looked at as of the time when it was let in: that one ends is no reason to cut the link
        over which the station gets its next one.
        """
        trusting = self._trusting()
        admitted = connection.admitted
        evidence = admitted.certificate.evidence
        if evidence is not None and admitted.entry.profile is SecurityProfile.TLS_CERTIFICATE:
            proof = await self._with_its_ca(_as_of(admitted.certificate, evidence, trusting), trusting, may_fetch=True)
            if proof.verdict is not CertificateVerdict.UNKNOWN:  # it was let in by what was known then
                admitted = connection.admitted = replace(admitted, certificate=proof)
        return handshake.objection(admitted, caller, trusting.policy, is_opening=False)

    async def _with_its_ca(self, proof: CertificateProof, trusting: Trusting, *, may_fetch: bool) -> CertificateProof:
        if proof.evidence is None:
            return proof
        finding = await self._revocation.look(proof.evidence.path, trusting, may_fetch=may_fetch)
        if finding.state is State.REVOKED:
            return revoked(proof, finding.sentence)
        if finding.state is State.GOOD:
            return replace(proof, doubt=None)
        if trusting.policy.revocation is RevocationMode.HARD:
            return unknown(proof, finding.sentence)
        return replace(proof, doubt=finding.sentence)


def _as_of(proof: CertificateProof, evidence: Evidence, trusting: Trusting) -> CertificateProof:
    """What a certificate that was good proves as of what is trusted now."""
    if evidence.version == trusting.version:
        return proof
    if still_holds(evidence, trusting):
        return replace(proof, evidence=replace(evidence, version=trusting.version))
    return examine_again(evidence.leaf, evidence.intermediates, trusting, evidence.examined_at)
