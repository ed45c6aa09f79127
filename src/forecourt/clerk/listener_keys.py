"""Makes keys for managed server certificates, and puts what was issued for them in place."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Mapping
from typing import Final

import structlog

from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.errors import DomainError
from forecourt.domain.listener_certificates.model import KeyWanted, Placement
from forecourt.domain.services import Services, Workspace
from forecourt.domain.trust.serving import Offer, read_offer
from forecourt.pki.csr import SigningRequest
from forecourt.pki.csr_making import make_csr
from forecourt.pki.keys import KeyKind, PrivateKey, new_private_key
from forecourt.threads import in_thread

KEY_KINDS: Final[Mapping[KeyFamily, KeyKind]] = {KeyFamily.RSA: "RSA 2048", KeyFamily.ECDSA: "EC secp256r1"}
"""A00.FR.502, A00.FR.503; stations that need the suites TLS_RSA_… are slow with longer keys."""

_LOST: Final = "Its key cannot be opened any more; another one is made."

_log = structlog.get_logger(__name__)


async def tend_listener_keys(workspace: Workspace) -> bool:
    """Do what managed server certificates wait for, once. Any number of nodes may: what one has done the others drop.
    True when there was something to do."""
    if not await workspace.read(lambda services: services.listener_certificates.has_work()):
        return False
    for wanted in await workspace.read(lambda services: services.listener_certificates.keys_wanted()):
        await _alone(wanted.name, _make(workspace, wanted))
    for placement in await workspace.read(lambda services: services.listener_certificates.placements()):
        await _alone(placement.name, _place(workspace, placement))
    return True


async def _alone(name: str, work: Awaitable[None]) -> None:
    """What goes wrong with one of them keeps nothing from the others."""
    try:
        await work
    except Exception as error:
        _log.warning("server_certificate_delayed", certificate=name, reason=str(error), error=type(error).__name__)


async def _make(workspace: Workspace, wanted: KeyWanted) -> None:
    made = await in_thread(f"key-{wanted.name}", functools.partial(make_key, wanted))
    if await workspace.write(functools.partial(_made, wanted, *made)):
        _log.info("server_key_made", certificate=wanted.name, family=wanted.family.value)


def make_key(wanted: KeyWanted) -> tuple[PrivateKey, SigningRequest]:
    """A new key, and the request for its certificate. An RSA key takes a core for some tenths of a second."""
    key = new_private_key(KEY_KINDS[wanted.family])
    hosts = wanted.host_names
    return key, make_csr(key, common_name=hosts[0], organisation=wanted.organisation, host_names=hosts)


async def _place(workspace: Workspace, placement: Placement) -> None:
    try:
        offer = await in_thread(f"place-{placement.name}", functools.partial(_offer, placement))
    except DomainError as error:
        await workspace.write(functools.partial(_cannot_place, placement, error.sentence))
        return
    if offer is None:
        await workspace.write(functools.partial(_cannot_place, placement, _LOST))
    elif await workspace.write(functools.partial(_put, placement, offer)):
        _log.info("server_certificate_placed", certificate=placement.name, ends=offer.chain[0].not_after.isoformat())


def _offer(placement: Placement) -> Offer | None:
    """Checks signatures and the key, which takes a while."""
    return None if placement.key_pem is None else read_offer(placement.chain_pem, placement.key_pem, None)


def _made(wanted: KeyWanted, key: PrivateKey, csr: SigningRequest, services: Services) -> bool:
    return services.listener_certificates.key_made(wanted, key, csr)


def _put(placement: Placement, offer: Offer, services: Services) -> bool:
    return services.listener_certificates.place(placement, offer)


def _cannot_place(placement: Placement, sentence: str, services: Services) -> None:
    services.listener_certificates.cannot_place(placement, sentence)
