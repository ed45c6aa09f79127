"""The decision at the door, put together: what a request shows, what is known of its station, and what is written down.

The decision itself is :func:`forecourt.gateway.handshake.decide`; this file gathers what that one needs, in the order
in which it costs: the path, whether a WebSocket is asked for, what a proxy said, the pace, one unit of reading, the
proofs, and a second unit of reading for a certificate that is new to its station.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from forecourt.config import GatewayConfig, ProxiesConfig
from forecourt.domain.admission.model import Access, Caller, SecurityProfile, needs_record
from forecourt.domain.errors import DomainError, Kind, conflict
from forecourt.domain.provisioning.model import Registration, Station, StationDraft, StationKey
from forecourt.domain.security_log.model import Kind as Noted
from forecourt.domain.security_log.model import Note
from forecourt.domain.services import Services, Workspace
from forecourt.domain.signing.model import Use
from forecourt.domain.trust.model import Policy
from forecourt.gateway import handshake
from forecourt.gateway.certificates import NO_CERTIFICATE, CertificateProof, CertificateVerdict
from forecourt.gateway.credentials import NO_BASIC, NO_PASSWORD, NoBasic, PasswordProof, read_basic
from forecourt.gateway.guard import Guard
from forecourt.gateway.handshake import OLD_TLS, WITH_PASSWORD, Admitted, Channel, Knock, Refused
from forecourt.gateway.notes import Notes
from forecourt.gateway.pace import Pace
from forecourt.gateway.password_desk import PasswordDesk
from forecourt.gateway.proxy_headers import BadForwarding, Headers, read_proxy_headers, stray_headers
from forecourt.gateway.refusals import busy, unknown_station
from forecourt.gateway.sources import EVERYBODY, source_of
from forecourt.gateway.target import read_identity, read_subprotocols
from forecourt.gateway.upgrade import check_upgrade

DECISIONS: Final = 3
"""How often one request is decided on, when each time something changes before the decision is on record."""

_NONE: Final[list[str]] = []
_NOT_READ: Final = (
    " The certificate that was shown in TLS here is taken as the own one of {}, which is a listed proxy: it has to hand"
    " on the station's in the header that the settings name."
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """What this system's own TLS agreed on with the peer."""

    version: str | None
    """As OpenSSL calls it: ``TLSv1.2``."""
    cipher: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request at a listener, before anything is known of it."""

    raw_path: str
    """The target of the request as it was sent, with its query."""
    headers: Headers
    peer: str
    """The address that speaks to us, in text without a port: the one that the PROXY protocol named, where that is
    spoken. Only when this one is a listed proxy are headers for proxies read: a station behind a proxy that passes
    bytes on writes its own headers."""
    listener: str
    """The name of the listener: ``ws``, ``wss``, or what the settings call it."""
    is_legacy: bool = False
    """The listener is one for TLS 1.0 and 1.1."""
    tls: TlsFacts | None = None
    """None on a plain listener."""
    chain: Sequence[bytes] = ()
    """The certificates that the peer showed in TLS, in DER, its own first; it has proven to hold the key of that."""
    via_proxy: str | None = None
    """The address of the proxy that spoke the PROXY protocol."""
    proxy_headers: bool = True
    """The listener believes the headers of listed proxies."""


class Strangers(Protocol):
    """Who remembers stations that are not registered."""

    def note_stranger(self, identity: str, address: str, subprotocols: Iterable[str]) -> None: ...


class Door:
    """Decides on every request of all listeners."""

    def __init__(
        self,
        *,
        office: Workspace,
        guard: Guard,
        passwords: PasswordDesk,
        notes: Notes,
        strangers: Strangers,
        config: GatewayConfig,
        proxies: ProxiesConfig,
        spoken: Collection[str],
    ) -> None:
        self._office = office
        self._guard = guard
        self._passwords = passwords
        self._notes = notes
        self._strangers = strangers
        self._config = config
        self._proxies = proxies
        self._spoken = frozenset(spoken)
        self._pace = Pace(config.upgrades_per_second, config.upgrades_waiting)

    async def decide(self, arrival: Arrival) -> Admitted | Refused:
        """Whether a station may open a link. Waits for its turn, the database and password hashes; never raises.

        What is worth a note has been noted when this returns; the listener only has to answer. A refusal is answered
        with its status, its reason as text, and its headers.
        """
        path = arrival.raw_path.partition("?")[0]
        identity = read_identity(path)
        if isinstance(identity, Refused):
            return identity
        refused = check_upgrade(arrival.headers)
        if refused is not None:
            return refused
        try:
            return await self._decide(arrival, identity, path.rpartition("/")[2])
        except DomainError as error:
            return busy(error.sentence)
        except Exception:  # noqa: BLE001  # whatever a request brings: it is refused, and the next one is decided
            _log.exception("decision_failed", station=identity, address=arrival.peer)
            return busy("this cannot be decided now")

    async def _decide(self, arrival: Arrival, identity: str, segment: str) -> Admitted | Refused:
        try:
            knock, chain, remark = self._knock(arrival, identity)
        except BadForwarding as error:
            note = Note(kind=Noted.PROXY_HEADER_REFUSED, reason=str(error), station=identity, address=arrival.peer)
            self._notes.note(note)
            return Refused(400, "a header of the proxy cannot be read")
        if not await self._has_turn(knock.address):
            return busy("too many stations connect at once")
        for _ in range(DECISIONS):
            trusting = self._guard.trusting
            caller = await self._office.read(lambda services: services.admissions.find(identity))
            caller = caller or await self._register(knock, trusting.policy)
            if caller is None:
                self._strangers.note_stranger(identity, knock.address, knock.offered)
                return self._refuse(unknown_station(identity), knock)
            password = await self._password(arrival, caller, knock, segment)
            certificate = NO_CERTIFICATE
            if chain:
                is_needed = SecurityProfile.TLS_CERTIFICATE in caller.access.profiles
                certificate = await self._guard.prove(chain, trusting, is_needed=is_needed)
                certificate = await self._with_its_owner(certificate, caller)
            decision = handshake.decide(
                knock,
                caller,
                policy=trusting.policy,
                password=password,
                certificate=certificate,
                spoken=self._spoken,
            )
            if isinstance(decision, Refused):
                return self._refuse(decision, knock, remark)
            if not needs_record(caller.access, decision.entry) or await self._record(decision):
                self._note_doubts(certificate, decision)
                return decision
        return busy("what is known of this station changes at this moment; try again")

    async def _has_turn(self, address: str) -> bool:
        """Wait at the pace at which newcomers come in: False when too many of this address do."""
        source = EVERYBODY if self._proxies.has(address) else source_of(address)
        delay = self._pace.wait(asyncio.get_running_loop().time(), source)
        if delay:
            await asyncio.sleep(delay)
        return delay is not None

    # What a request says

    def _knock(self, arrival: Arrival, identity: str) -> tuple[Knock, Sequence[bytes], str]:
        """The request as it was before the proxies, the certificates that the station showed, and what an operator
        should know in case of a refusal. Raises BadForwarding.
        """
        remark = ""
        address, is_tls, chain, via_proxy = arrival.peer, arrival.tls is not None, arrival.chain, arrival.via_proxy
        tls = arrival.tls
        if arrival.proxy_headers and arrival.via_proxy is None and self._proxies.has(arrival.peer):
            told = read_proxy_headers(arrival.headers, self._proxies)
            address, via_proxy = told.address or address, arrival.peer
            if told.is_tls is not None:  # what was agreed on here was agreed on with the proxy
                is_tls, tls = told.is_tls, None
            if told.chain is not None:
                remark = "" if told.chain or not chain else _NOT_READ.format(arrival.peer)
                chain = told.chain
        elif stray := stray_headers(arrival.headers, self._proxies):
            reason = f"{', '.join(stray)} came from one that may not say so here, and was not read."
            self._notes.note(
                Note(kind=Noted.PROXY_HEADER_FROM_STRANGER, reason=reason, station=identity, address=arrival.peer)
            )
        version = None if tls is None else tls.version
        channel = Channel(
            listener=arrival.listener,
            is_tls=is_tls,
            is_legacy=is_tls and (arrival.is_legacy or version in OLD_TLS),
            tls_version=version,
            cipher=None if tls is None else tls.cipher,
            via_proxy=via_proxy,
        )
        offered = read_subprotocols(",".join(arrival.headers.getall("Sec-WebSocket-Protocol", _NONE)))
        return Knock(identity=identity, address=address, offered=tuple(offered), channel=channel), chain, remark

    async def _password(self, arrival: Arrival, caller: Caller, knock: Knock, segment: str) -> PasswordProof:
        values = arrival.headers.getall("Authorization", _NONE)
        if not values:
            return NO_PASSWORD
        basic = read_basic(values, identity=knock.identity, segment=segment)
        if isinstance(basic, NoBasic):
            return NO_BASIC[basic]
        return await self._passwords.check(
            basic.password,
            caller.access.passwords,
            identity=knock.identity,
            address=knock.address,
            is_needed=not {*caller.access.profiles}.isdisjoint(WITH_PASSWORD),
        )

    async def _with_its_owner(self, proof: CertificateProof, caller: Caller) -> CertificateProof:
        """A good certificate with what the register says, if it was issued for another one (A00.FR.427). It is asked
        once: what the station showed last was asked about then, and an entry never changes."""
        leaf = None if proof.evidence is None else proof.evidence.leaf
        if leaf is None or leaf.fingerprint == caller.access.fingerprint:
            return proof
        found = await self._office.read(lambda services: services.signing.find_issued(leaf.issuer_hash, leaf.serial))
        if found is None or found.certificate != leaf:
            return proof
        if found.use is Use.STATION and found.owner == caller.station.identity:
            return proof
        what = "station" if found.use is Use.STATION else "server certificate"
        return replace(proof, issued_for=f"the {what} {found.owner!r}")

    # What is written down

    async def _register(self, knock: Knock, policy: Policy) -> Caller | None:
        """A station that registers itself, where that is wanted. It has no password, so it can be let in with profile 0
        only; where new stations have a higher one it stays unknown."""
        if not self._config.auto_register or policy.new_station_profile is not SecurityProfile.NONE:
            return None
        newcomer = Caller(Station(StationKey(0), knock.identity, Registration.ACCEPTED, None), Access())
        if isinstance(self._try(knock, newcomer, policy), Refused):
            return None

        def register(services: Services) -> Caller | None:
            known = services.admissions.find(knock.identity)
            if known is None:
                services.provisioning.add(StationDraft(identity=knock.identity, description="registered by itself"))
                known = services.admissions.find(knock.identity)
                if known is not None and known.access.profile is not SecurityProfile.NONE:
                    raise conflict("New stations have a higher security profile.")
            return known

        try:
            return await self._office.write(register)
        except DomainError as error:
            if error.kind is Kind.UNAVAILABLE:
                raise
            return None

    def _try(self, knock: Knock, caller: Caller, policy: Policy) -> Admitted | Refused:
        return handshake.decide(
            knock, caller, policy=policy, password=NO_PASSWORD, certificate=NO_CERTIFICATE, spoken=self._spoken
        )

    async def _record(self, admitted: Admitted) -> bool:
        """Write down how the station comes in, before it learns that it does. False when something changed since it was
        decided, so that it has to be decided anew. Raises DomainError UNAVAILABLE."""
        try:
            await self._office.write(lambda services: services.admissions.admitted(admitted.station, admitted.entry))
        except DomainError as error:
            if error.kind is not Kind.REFUSED:
                raise
            return False
        return True

    def _refuse(self, refused: Refused, knock: Knock, remark: str = "") -> Refused:
        if refused.kind is not None:
            reason = refused.detail + remark
            self._notes.note(Note(kind=refused.kind, reason=reason, station=knock.identity, address=knock.address))
        return refused

    def _note_doubts(self, certificate: CertificateProof, admitted: Admitted) -> None:
        if admitted.entry.profile is SecurityProfile.TLS_CERTIFICATE and certificate.doubt is not None:
            kind, reason = Noted.REVOCATION_UNKNOWN, f"{certificate.doubt} It was let in, as the policy says."
        elif certificate.verdict is CertificateVerdict.FAILED:
            kind, reason = Noted.INTERNAL_FAILURE, certificate.sentence
        else:
            return
        knock = admitted.knock
        self._notes.note(Note(kind=kind, reason=reason, station=knock.identity, address=knock.address))
