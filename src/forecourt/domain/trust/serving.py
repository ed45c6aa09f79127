"""What may be presented as a server certificate, and what an operator should know about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from forecourt.domain.errors import Sentence, invalid
from forecourt.domain.trust.model import ServerChain
from forecourt.pki.certificate import Certificate, Unreadable, read_bundle
from forecourt.pki.chain import host_names, is_issued_by
from forecourt.pki.errors import PkiError
from forecourt.pki.keys import PrivateKey, read_private_key
from forecourt.pki.strength import weakness, weakness_of_anchor

MAX_CHAIN: Final = 10
MAX_CHAIN_PEM: Final = 200_000
"""Characters of a chain as PEM."""
MAX_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Offer:
    """A chain, leaf first, and its key, which a station could accept as far as can be told without the time. Only
    :func:`read_offer` makes one."""

    chain: tuple[Certificate, ...]
    key: PrivateKey


def read_offer(chain_pem: str, key_pem: str, key_password: str | None) -> Offer:
    """To decrypt a key and to check signatures may take seconds, so that it is done outside units of work. Raises
    DomainError INVALID for what no station could accept, and tells nothing of the key."""
    offer = Offer(_read_chain(chain_pem), _read_key(key_pem, key_password))
    _check(offer)
    return offer


def check_times(offer: Offer, at: datetime) -> None:
    """Raises DomainError INVALID for a chain that has expired."""
    for one in offer.chain:
        if one.has_ended(at):
            raise invalid(
                "The certificate of {} expired on {:%Y-%m-%d %H:%M} UTC; renew it first.",
                one.subject,
                one.not_after,
                field="chain",
            )


def check_name(name: str) -> str:
    if not name or len(name) > MAX_NAME or not name.isprintable() or name != name.strip():
        raise invalid(
            "A server certificate needs a name of 1 to {} printable characters, without spaces around it.",
            MAX_NAME,
            field="name",
        )
    return name


def _read_key(data: str, password: str | None) -> PrivateKey:
    try:
        return read_private_key(data, None if password is None else password.encode())
    except PkiError as error:
        field = "password" if password is not None and "password" in str(error).lower() else "privateKey"
        raise invalid(str(error), field=field) from None  # the cause may hold parts of the key


def _read_chain(data: str) -> tuple[Certificate, ...]:
    try:
        found = read_bundle(data)
    except PkiError as error:
        raise invalid(str(error), field="chain") from error
    chain = []
    for one in found:
        if isinstance(one, Unreadable):
            raise invalid("Certificate {} of the chain cannot be read: {}", one.position, one.reason, field="chain")
        chain.append(one)
    if len(chain) > MAX_CHAIN:
        raise invalid(
            "The chain has {} certificates, and at most {} are presented; leave out what does not lead from the "
            "server's certificate up.",
            len(chain),
            MAX_CHAIN,
            field="chain",
        )
    return tuple(chain)


def _check(offer: Offer) -> None:
    chain, key, leaf = offer.chain, offer.key, offer.chain[0]
    if leaf.is_authority and not _is_its_own_root(chain):
        raise invalid(
            "The first certificate is that of an authority (CA), where the server's own is expected. Put the server's "
            "certificate first, then its issuer, and so on.",
            field="chain",
        )
    for one in chain:
        reason = weakness_of_anchor(one) if one.is_self_issued and one is not leaf else weakness(one)
        if reason is not None:
            raise invalid("The certificate of {} is too weak (A00.FR.501): {}", one.subject, reason, field="chain")
    for number, (one, issuer) in enumerate(pairwise(chain), 2):
        if not is_issued_by(one, issuer):
            raise invalid(
                "Certificate {} ({}) did not issue the one before it ({}). Put the server's certificate first, and "
                "after each its issuer.",
                number,
                issuer.subject,
                one.subject,
                field="chain",
            )
    if not key.fits(leaf):
        raise invalid(
            "The private key ({}) does not belong to the certificate of {}. Give the key with which that certificate "
            "was asked for.",
            key.kind,
            leaf.subject,
            field="privateKey",
        )


def _is_its_own_root(chain: Sequence[Certificate]) -> bool:
    return len(chain) == 1 and chain[0].is_authority and chain[0].is_self_issued


def doubts_about(chain: Sequence[Certificate], roots: Sequence[Certificate], at: datetime) -> Iterator[Sentence]:
    """What an operator should know about a chain that is taken. ``roots`` are those that stations are known to
    have."""
    leaf, last = chain[0], chain[-1]
    late = next((one for one in chain if at < one.not_before), None)
    if late is not None:
        yield Sentence(
            "The certificate of {} is not valid before {:%Y-%m-%d %H:%M} UTC.", late.subject, late.not_before
        )
    if not last.is_self_issued and not any(is_issued_by(last, root) for root in roots):
        yield Sentence(
            "The chain may be incomplete: it ends with a certificate that {} issued, which is not in the store for "
            "serverChain. Stations that do not have that certificate refuse the chain.",
            last.issuer,
        )
    if _is_its_own_root(chain):
        yield Sentence(
            "The certificate is its own authority (CA), which is good for a trial: stations have to trust it itself."
        )
    names = (*leaf.common_names, *host_names(leaf))
    if not leaf.common_names:
        yield Sentence(
            "The certificate has no common name (CN), where stations look for the server's name (A00.FR.510)."
        )
    if not host_names(leaf):
        yield Sentence("The certificate has no subjectAltName; many TLS clients look for the server's name there only.")
    if any(name.startswith("*.") for name in names):
        yield Sentence("The certificate is for any host of a domain (*.), which stations may refuse.")


def missing_kinds(served: Sequence[ServerChain]) -> Iterator[Sentence]:
    """Which of the four suites of profiles 2 and 3 nobody could use (A00.FR.317, A00.FR.421)."""
    kinds = {one.chain[0].key_kind.partition(" ")[0] for one in served if one.is_enabled}
    for kind, suites in (("RSA", "TLS_RSA_WITH_AES"), ("EC", "TLS_ECDHE_ECDSA")):
        if kinds and kind not in kinds:
            yield Sentence(
                "No server certificate with a key of the kind {} is enabled: stations that know only the suites {}… "
                "cannot connect (A00.FR.317). Add one beside this.",
                kind,
                suites,
            )
