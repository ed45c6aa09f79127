"""What listeners present: chains and their keys (A00.FR.307, A00.FR.317, A00.FR.510)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from forecourt.domain.errors import DomainError, Sentence, conflict, invalid, not_found
from forecourt.domain.security_log.model import Kind
from forecourt.domain.trust.model import MAX_SERVER_CERTIFICATES, Purpose, Role, ServerChain, Unusable
from forecourt.domain.trust.part import Part
from forecourt.domain.trust.serving import Offer, check_name, check_times, doubts_about, missing_kinds, read_offer
from forecourt.pki.certificate import Certificate
from forecourt.pki.wording import quoted


@dataclass(frozen=True, slots=True)
class Served:
    """A server certificate after a change, and what an operator should know."""

    chain: ServerChain
    warnings: tuple[Sentence, ...] = ()


class ServerCertificates(Part):
    """Everything that can happen to server certificates."""

    def put_server_certificate(
        self,
        name: str,
        *,
        chain_pem: str,
        key_pem: str,
        key_password: str | None = None,
        is_enabled: bool = True,
        asked_by: str,
    ) -> Served:
        """What :meth:`serve` does, with what is read first."""
        offer = read_offer(chain_pem, key_pem, key_password)
        return self.serve(name, offer, is_enabled=is_enabled, asked_by=asked_by)

    def serve(self, name: str, offer: Offer, *, is_enabled: bool = True, asked_by: str) -> Served:
        """Keep a chain, leaf first, and its key, in place of what has this name. Listeners present it from the next
        handshake on. Raises DomainError INVALID, which tells nothing of the key."""
        now = self._clock.now()
        check_times(offer, now)
        put = ServerChain(
            name=check_name(name), chain=offer.chain, is_enabled=is_enabled, added_by=asked_by, added_at=now
        )
        with self._writing() as writing:
            names = writing.server_certificates.names()
            if name not in names and len(names) >= MAX_SERVER_CERTIFICATES:
                raise invalid(
                    "There are {} server certificates, and no more are possible; remove one that is not used.",
                    MAX_SERVER_CERTIFICATES,
                    field="name",
                )
            writing.server_certificates.put(put, offer.key)
        leaf = offer.chain[0]
        what = f"is for {quoted(leaf.subject)} with a key {leaf.key_kind}, until {leaf.not_after:%Y-%m-%d}"
        self._note_served(name, what, asked_by)
        doubts = doubts_about(offer.chain, self._roots_at_stations(), now)
        return Served(put, (*doubts, *missing_kinds(self.server_certificates())))

    def enable_server_certificate(self, name: str, *, is_enabled: bool, asked_by: str) -> Served:
        """Have listeners present it, or not."""
        with self._writing() as writing:
            known = self.server_certificate(name)
            changed = replace(known, is_enabled=is_enabled)
            if changed == known:
                writing.changes_nothing()
            else:
                writing.server_certificates.set_enabled(name, is_enabled=is_enabled)
                self._note_served(name, "is presented again" if is_enabled else "is no longer presented", asked_by)
        return Served(changed, self._left())

    def remove_server_certificate(self, name: str, *, asked_by: str) -> tuple[Sentence, ...]:
        """Forget it with its key. Returns what an operator should know."""
        with self._writing() as writing:
            if not writing.server_certificates.remove(name):
                raise _no(name)
            self._note_served(name, "was removed with its key", asked_by)
        return self._left()

    def server_certificate(self, name: str) -> ServerChain:
        """Raises DomainError NOT_FOUND, or CONFLICT for one that cannot be read any more."""
        found = self._stores.server_certificates.find(name)
        if found is None:
            raise _no(name)
        if isinstance(found, Unusable):
            raise conflict("{} Remove it, or give the server certificate once more.", found.reason)
        return found

    def server_certificates(self) -> Sequence[ServerChain]:
        """Those that can be read, in the order of their names."""
        return [one for one in self._stores.server_certificates.all() if isinstance(one, ServerChain)]

    def _left(self) -> tuple[Sentence, ...]:
        served = self.server_certificates()
        if not any(one.is_enabled for one in served):
            none = Sentence(
                "No server certificate is enabled now: TLS listeners refuse every station until there is one."
            )
            return (none,)
        return tuple(missing_kinds(served))

    def _roots_at_stations(self) -> list[Certificate]:
        return [
            one.certificate for one in self._trusted() if Purpose.SERVER in one.purposes and one.role is Role.ANCHOR
        ]

    def _note_served(self, name: str, sentence: str, asked_by: str) -> None:
        reason = f"The server certificate {name!r} {sentence}."
        self._note(Kind.SERVER_CERTIFICATE_CHANGED, reason, asked_by=asked_by)


def _no(name: str) -> DomainError:
    return not_found("There is no server certificate {!r}.", name)
