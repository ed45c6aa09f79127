"""Which signer is for which kind of authority, and what each needs before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from forecourt.clerk.signers.acme import AcmeAuthority
from forecourt.clerk.signers.est import EstAuthority
from forecourt.clerk.signers.outside import CheckedSigner, Outside, Trusted
from forecourt.clerk.signers.step import StepAuthority
from forecourt.clerk.signers.vault import VaultAuthority
from forecourt.clerk.work import ChosenSigner, Memory
from forecourt.clock import Clock
from forecourt.domain.authorities.model import OWN, AuthorityKind
from forecourt.domain.paging import MAX_LIMIT, PageRequest
from forecourt.domain.services import Services, Workspace
from forecourt.domain.signing.model import (
    OpenedAuthority,
    Signer,
    SigningUnavailable,
    Use,
)
from forecourt.domain.trust.model import Purpose, Role, TrustFilter
from forecourt.pki.certificate import Certificate

_PURPOSES: Final = {Use.STATION: Purpose.STATION, Use.SERVER: Purpose.SERVER}


class OwnAuthority(Protocol):
    """What signs for the own authority, made ready."""

    async def signer(self) -> Signer: ...


class SignersOfKinds:
    """The Signers of the running system."""

    def __init__(self, workspace: Workspace, own: OwnAuthority, memory: Memory, clock: Clock) -> None:
        self._workspace = workspace
        self._own = own
        self._clock = clock
        self._outside: Mapping[str, Outside] = {
            AuthorityKind.ACME.value: AcmeAuthority(memory),
            AuthorityKind.EST.value: EstAuthority(),
            AuthorityKind.VAULT.value: VaultAuthority(),
            AuthorityKind.STEP.value: StepAuthority(clock),
        }

    async def ready(self, authority: str) -> ChosenSigner:
        if authority == OWN:
            own = await self._own.signer()
            return lambda _authority: own
        trusted = await self._workspace.read(_trusted)

        def chosen(opened: OpenedAuthority) -> Signer:
            outside = self._outside.get(opened.kind)
            if outside is None:
                sentence = f"There is no signer for authorities of the kind {opened.kind!r}."
                raise SigningUnavailable(sentence, needs_person=True)
            return CheckedSigner(outside, trusted, self._clock)

        return chosen


def _trusted(services: Services) -> Mapping[Use, Trusted]:
    return {use: _trusted_for(purpose, services) for use, purpose in _PURPOSES.items()}


def _trusted_for(purpose: Purpose, services: Services) -> Trusted:
    found: dict[Role, list[Certificate]] = {role: [] for role in Role}
    wanted = TrustFilter(purpose=purpose, is_enabled=True)
    after: str | None = None
    while True:
        page = services.trust.list(wanted, PageRequest(limit=MAX_LIMIT, after=after))
        for one in page.items:
            found[one.role].append(one.certificate)
        after = page.next_after
        if after is None:
            return Trusted(tuple(found[Role.ANCHOR]), tuple(found[Role.INTERMEDIATE]))
