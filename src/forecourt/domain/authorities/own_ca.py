"""The system's own certificate authority: what it has, what is wanted of it, and what came of it.

Keys are made and used outside units of work, by the clerk; here is written down what it made. Every step is one commit
under one lock and asks once more whether it is still wanted, so that of two nodes that do the same one wins, and a
crash between two steps is continued from what is there.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeAlias

from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.authorities.model import KeyFamily, OwnCertificate, OwnPolicy, Phase, Rank
from forecourt.domain.authorities.own_plan import (
    Activate,
    MakeIssuing,
    MakeList,
    MakeResponder,
    MakeRoot,
    OwnState,
    Task,
    TidyUp,
    tasks,
)
from forecourt.domain.authorities.own_policy import check_policy
from forecourt.domain.authorities.own_revocations import OwnRevocations
from forecourt.domain.authorities.own_troubles import NAMELESS, subjects, troubles
from forecourt.domain.authorities.store import NewOwn
from forecourt.domain.errors import DomainError, Sentence, conflict, invalid, not_found
from forecourt.domain.trust.model import Origin, Purpose, Role
from forecourt.pki.certificate import Certificate
from forecourt.pki.keys import PrivateKey
from forecourt.pki.reasons import Reason
from forecourt.pki.revocation import Crl
from forecourt.pki.wording import quoted

PURPOSES: Final = frozenset({Purpose.STATION, Purpose.SERVER})
"""What the own authority is trusted for: certificates of stations, and those of this system's listeners."""

CLERK: Final = "own authority"
"""Who asks for what this system does by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCa:
    """A root or an issuing CA with its first list."""

    task: MakeRoot | MakeIssuing
    certificate: Certificate
    key_id: str
    key: PrivateKey | None = field(repr=False)
    """None for one in the token."""
    crl: Crl
    cross: Certificate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeResponder:
    task: MakeResponder
    certificate: Certificate
    key_id: str
    key: PrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeList:
    task: MakeList
    crl: Crl
    covers: int
    """What `OwnCa.asked` said when its entries were read."""


Made: TypeAlias = MadeCa | MadeResponder | MadeList | Activate | TidyUp


class OwnCa(OwnRevocations):
    """Everything that can happen to the own authority."""

    # What is wanted

    def policy(self) -> OwnPolicy:
        return self._store.policy()

    def set_policy(self, policy: OwnPolicy, *, asked_by: str) -> OwnPolicy:
        """It counts for what is made from now on. A family that it gives up signs no more, and what it has signed stays
        good; one that it takes up again goes on with the hierarchy that is there. Raises DomainError INVALID."""
        check_policy(policy)
        self._store.lock()
        known = self._store.policy()
        if policy.keys_in_token and not known.keys_in_token and not self._has_token:
            raise invalid(
                "The settings name no token for keys of CAs. Set [pkcs11] first, and start again.", field="keysInToken"
            )
        if policy != known:
            self._store.put_policy(policy)
            self._note("The policy of the own authority was changed.", asked_by)
            for family in known.families - policy.families:
                self._move(family, Phase.ACTIVE, Phase.FORMER)
                for rank in Rank:
                    self._store.drop_roll(family, rank)
                self._note(
                    f"{family.value.upper()} keys were given up; what their CAs have signed stays good.", asked_by
                )
            for family in policy.families - known.families:
                if self._state().in_force(family, Rank.ROOT) is None:
                    self._move(family, Phase.FORMER, Phase.ACTIVE)
            self._changes.signing_wanted()
        return policy

    def _move(self, family: KeyFamily, phase: Phase, to: Phase) -> None:
        """The newest root of a family that is in a phase, and the newest issuing CA below it, to another phase."""
        root: OwnCertificate | None = None
        for rank in (Rank.ROOT, Rank.ISSUING):
            issuer = None if root is None else root.fingerprint
            found = [
                one
                for one in self.hierarchy()
                if (one.family, one.rank, one.phase, one.issuer) == (family, rank, phase, issuer)
            ]
            if not found:
                return
            root = found[-1]
            self._store.set_phase(root.fingerprint, to)

    def create(self, *, asked_by: str) -> None:
        """Have the hierarchy made now and not when the first request waits; nothing happens when it is there. Raises
        DomainError CONFLICT while nobody has said whose name it bears."""
        self._store.lock()
        if self.organisation() is None:
            raise conflict(NAMELESS)
        if not self._store.is_wanted():
            self._store.want()
            self._note("The hierarchy of the own authority was asked for.", asked_by)
        self._changes.signing_wanted()

    def roll_issuing(self, family: KeyFamily, *, asked_by: str) -> None:
        """Have a new issuing CA take the place of the one in force; certificates of that one stay good. Raises
        DomainError CONFLICT when there is none."""
        self._roll(family, Rank.ISSUING, asked_by)

    def roll_root(self, family: KeyFamily, *, asked_by: str) -> None:
        """Have the next root made. It is trusted at once and vouched for by the one in force, which goes on to sign
        until the next one is activated. Raises DomainError CONFLICT when there is none, or a next one already."""
        self._store.lock()
        following = self._state().in_force(family, Rank.ROOT, Phase.NEXT)
        if following is not None:
            raise conflict(
                "There is a next {} root already ({}…). Activate it, or retire it first.",
                family.value.upper(),
                following.fingerprint[:16],
            )
        self._check_former(family)
        self._roll(family, Rank.ROOT, asked_by)

    def _roll(self, family: KeyFamily, rank: Rank, asked_by: str) -> None:
        self._store.lock()
        state = self._state()
        if family not in state.policy.families:
            raise conflict("The policy has no {} keys; add the family to it first.", family.value.upper())
        if state.in_force(family, rank) is None:
            raise conflict("There is no {} hierarchy to replace; create it first.", family.value.upper())
        self._store.add_roll(family, rank)
        self._note(f"A new {family.value.upper()} certificate was asked for: {rank.value}.", asked_by)
        self._changes.signing_wanted()

    def cancel_roll(self, family: KeyFamily, rank: Rank, *, asked_by: str) -> None:
        """Take back what was asked for and is not made yet. Raises DomainError NOT_FOUND."""
        self._store.lock()
        if (family, rank) not in self._store.rolls():
            raise not_found("No new {} certificate is being made: {}.", family.value.upper(), rank.value)
        self._store.drop_roll(family, rank)
        self._note(f"A new {family.value.upper()} certificate is not wanted any more: {rank.value}.", asked_by)

    def _check_former(self, family: KeyFamily) -> None:
        """Stations that know only the root before the one in force find no way over two roots."""
        former = self._has_former_root(family)
        if former is not None:
            raise conflict(
                "{} before the root in force is trusted still, and stations that know only that one would be locked "
                "out; renew what is below it, and retire it first: forecourt ca retire {}….",
                quoted(former.certificate.subject),
                former.fingerprint[:16],
            )

    def activate(self, fingerprint: str, *, asked_by: str) -> tuple[Sentence, ...]:
        """Put the next root in force: a new issuing CA is made below it. Certificates below the root before it stay
        good. Returns what an operator should know. Raises DomainError NOT_FOUND, UNAVAILABLE when its key cannot be
        opened, or CONFLICT, also while the root before the one in force is trusted."""
        self._store.lock()
        following = self._of_phase(fingerprint, Phase.NEXT, what="activated")
        if following.family not in self._store.policy().families:
            raise conflict("The policy has no {} keys; add the family to it first.", following.family.value.upper())
        self.opened(following)
        self._check_former(following.family)
        self._put_in_force(following, asked_by)
        return (
            Sentence(
                "Stations that know only the root before it find their way over its cross certificate, which is sent "
                "along; those that do not follow it need the new root first."
            ),
        )

    def _put_in_force(self, following: OwnCertificate, asked_by: str | None = None) -> None:
        former = self._state().in_force(following.family, Rank.ROOT)
        if former is not None:
            self._store.set_phase(former.fingerprint, Phase.FORMER)
        self._store.set_phase(following.fingerprint, Phase.ACTIVE)
        self._store.drop_roll(following.family, Rank.ROOT)
        self._note(f"The root {quoted(following.certificate.subject)} is in force.", asked_by)
        self._changes.signing_wanted()

    def retire(self, fingerprint: str, *, asked_by: str, despite: bool = False) -> tuple[Sentence, ...]:
        """Give up a certificate that signs no more, or a next root, with everything below it: what they have signed is
        refused from the next handshake on. Its issuer's list says so, a last list of its own is good until it ends, and
        then its key is forgotten. Returns what an operator should know. Raises DomainError NOT_FOUND, or CONFLICT for
        one in force, and without ``despite`` for one below which certificates are good."""
        self._store.lock()
        retired = self._of_phase(fingerprint, Phase.FORMER, Phase.NEXT, what="retired")
        below = self._store.below(retired.fingerprint)
        active = next((one for one in below if one.phase is Phase.ACTIVE and one.is_authority), None)
        if active is not None:
            raise conflict(
                "{} below it still signs; wait until another one has taken its place.",
                quoted(active.certificate.subject),
            )
        good = self.below(retired)
        if good and not despite:
            raise conflict(
                "{} good certificates hang below {}, and whoever has one would be locked out. Renew them first, or "
                "say that it is to be done despite.",
                good,
                quoted(retired.certificate.subject),
            )
        beneath = {one.fingerprint for one in (retired, *below)}
        responders = [one for one in self._store.all() if one.rank is Rank.RESPONDER and (one.issuer or "") in beneath]
        for one in (retired, *(each for each in below if each.is_authority and each.phase is not Phase.RETIRED)):
            self._retire(one, asked_by)
        self._store.remove([one.fingerprint for one in responders])
        in_token = [one.key_id[:16] for one in (retired, *below) if one.is_in_token]
        self._changes.signing_wanted()
        return (
            Sentence("Certificates below it are refused from now on; good were {}.", good),
            *(Sentence("Its key {}… is still in the token; remove it there.", key_id) for key_id in in_token),
        )

    def _retire(self, one: OwnCertificate, asked_by: str) -> None:
        self._store.set_phase(one.fingerprint, Phase.RETIRED)
        for certificate in (one.certificate, *self._crosses_of(one)):
            self.list_revoked(certificate, Reason.CESSATION_OF_OPERATION, asked_by)
            self._distrust(certificate, asked_by)
        self._note(f"The {one.rank.value} {quoted(one.certificate.subject)} was retired.", asked_by)

    def _crosses_of(self, one: OwnCertificate) -> list[Certificate]:
        """Its own, and those that it signed."""
        name = one.certificate.subject_hash
        all_ = (each.cross for each in self._store.all())
        return [cross for cross in all_ if cross is not None and name in (cross.subject_hash, cross.issuer_hash)]

    def _distrust(self, certificate: Certificate, asked_by: str) -> None:
        """Disabled and not removed, so that no path goes over it, whoever presents it."""
        with contextlib.suppress(DomainError):  # an operator took it out of the store before
            self._trust.change(certificate.fingerprint, is_enabled=False, asked_by=asked_by)

    # What is made

    def needed(self) -> list[Task]:
        """What has to be made now, in order. What follows from it is told when it is there."""
        return tasks(self._state(), self._clock.now())

    def made(self, made: Made) -> bool:
        """Keep what was made for a task, with all that follows from it. False when it is not wanted any more, because
        somebody else made it first: then what was made is to be thrown away. Raises DomainError."""
        self._store.lock()
        state = self._state()
        task = made if isinstance(made, TidyUp | Activate) else made.task
        if task not in tasks(state, self._clock.now()):
            return False
        match made:
            case MadeCa():
                self._keep_ca(made, state)
            case MadeResponder():
                self._keep_responder(made)
            case MadeList():
                self._keep_list(made.task.issuer, made.crl, number=made.task.number, covers=made.covers)
                if made.task.is_last:
                    self._store.drop_key(made.task.issuer.fingerprint)
            case Activate():
                self._put_in_force(made.root)
            case TidyUp():
                self._tidy(made)
        return True

    def _keep_ca(self, made: MadeCa, state: OwnState) -> None:
        task = made.task
        phase = Phase.ACTIVE
        if isinstance(task, MakeRoot):
            rank, above = Rank.ROOT, None
            phase = Phase.ACTIVE if task.previous is None else Phase.NEXT
        else:
            rank, above = Rank.ISSUING, task.root.fingerprint
        former = state.in_force(task.family, rank)
        if phase is Phase.ACTIVE and former is not None:
            self._store.set_phase(former.fingerprint, Phase.FORMER)
        self._store.drop_roll(task.family, rank)
        own = OwnCertificate(
            certificate=made.certificate,
            family=task.family,
            rank=rank,
            phase=phase,
            key_id=made.key_id,
            issuer=above,
            cross=made.cross,
            is_in_token=made.key is None,
            made_at=self._clock.now(),
        )
        self._store.add(NewOwn(own, made.key))
        role = Role.ANCHOR if rank is Rank.ROOT else Role.INTERMEDIATE
        self._trust.add(own.certificate, PURPOSES, role, Origin.OWN_CA, CLERK)
        if own.cross is not None:
            self._trust.add(own.cross, PURPOSES, Role.INTERMEDIATE, Origin.OWN_CA, CLERK)
        self._keep_list(own, made.crl, number=1, covers=0)
        self._note(f"The {own.rank.value} {quoted(own.certificate.subject)} was made; it is {own.phase.value}.")
        self._changes.signing_wanted()

    def _keep_responder(self, made: MadeResponder) -> None:
        issuer = made.task.issuer
        own = OwnCertificate(
            certificate=made.certificate,
            family=issuer.family,
            rank=Rank.RESPONDER,
            phase=Phase.ACTIVE,
            key_id=made.key_id,
            issuer=issuer.fingerprint,
            made_at=self._clock.now(),
        )
        self._store.add(NewOwn(own, made.key))

    def _keep_list(self, issuer: OwnCertificate, crl: Crl, *, number: int, covers: int) -> None:
        if not self._store.put_list(issuer.address, crl, number=number, covers=covers, made_at=self._clock.now()):
            raise conflict("Another list of this CA came first.")
        self.drop_impossible(issuer)
        if issuer.phase is Phase.RETIRED:
            return  # it is not in the store of trust any more, and nothing below it is accepted
        subject = f"list {issuer.address}"
        try:
            self._trust.put_crl(crl)
        except DomainError as error:
            sentence = f"The list of {quoted(issuer.certificate.subject)} is published and not used at the listeners:"
            self._alarms.raise_(Topic.OWN_CA, subject, Level.WARNING, f"{sentence} {error.sentence}")
        else:
            self._alarms.end(Topic.OWN_CA, subject)

    def _tidy(self, task: TidyUp) -> None:
        for one in task.certificates:
            if one.is_authority:
                self._store.set_phase(one.fingerprint, Phase.RETIRED)
                self._store.drop_key(one.fingerprint)
                self._note(f"The {one.rank.value} {quoted(one.certificate.subject)} has expired.")
        self._store.remove([one.fingerprint for one in task.certificates if not one.is_authority])

    # What goes wrong

    def watch(self) -> None:
        """Raise an alarm for what ends soon, and end those of what is over."""
        found = {trouble.subject: trouble for trouble in troubles(self._state(), self._clock.now())}
        for subject in subjects():
            trouble = found.get(subject)
            if trouble is None:
                self._alarms.end(Topic.OWN_CA, subject)
            else:
                self._alarms.raise_(Topic.OWN_CA, subject, trouble.level, str(trouble.sentence))

    def prune(self) -> int:
        """Forget revocations of certificates that have expired, or whose issuer has, after the last list that had to
        name them (RFC 5280 §3.3). Returns how many."""
        before = self._clock.now() - timedelta(hours=2 * self._store.policy().crl_hours)
        ended = [one.certificate.subject_hash for one in self.hierarchy() if one.certificate.has_ended(before)]
        return self._store.prune_revocations(before, ended)

    def give_up_key(self, own: OwnCertificate, sentence: str) -> None:
        """The key of a retired CA cannot be used any more, so that the list which is there was its last."""
        self._store.lock()
        self._store.drop_key(own.fingerprint)
        self._note(f"{quoted(own.certificate.subject)} gets no last list: {sentence}")

    def failed(self, subject: str, sentence: str) -> None:
        """Something could not be made, or a key not be used: tell an operator."""
        self._alarms.raise_(Topic.OWN_CA, subject, Level.CRITICAL, sentence)

    def recovered(self, subject: str) -> None:
        """It can again."""
        self._alarms.end(Topic.OWN_CA, subject)
