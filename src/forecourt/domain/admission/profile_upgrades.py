"""Upgrades of the security profile over OCPP (security whitepaper A05).

From the moment in which a station is asked until it has connected with the higher profile, both are accepted: it may
fall back (A05.FR.08). Its first connection with the higher one ends that for good (A05.FR.09).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.admission.endings import Ending, ending_of
from forecourt.domain.admission.ledger import Ledger
from forecourt.domain.admission.model import Access, SecurityProfile, Upgrade, UpgradeState, Verdict
from forecourt.domain.admission.preconditions import Precondition, RootsKnown, preconditions, unknown, unmet
from forecourt.domain.admission.service import Admissions
from forecourt.domain.admission.trusting import Trusting, TrustNow
from forecourt.domain.configuration.service import Configuration
from forecourt.domain.errands.intents import RaiseSecurityProfile, Restart
from forecourt.domain.errands.model import Delivery, Draft, Errand, ErrandNumber, ErrandState, Failure, Order
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import DomainError, Sentence, conflict, in_english, paragraph
from forecourt.domain.provisioning.model import Station
from forecourt.domain.security_log.model import Kind

UPGRADE_SECURITY_PROFILE: Final = "UpgradeSecurityProfile"
"""The name of the operation."""

_RESTART_WITHIN: Final = timedelta(minutes=5)
"""A restart that comes later than this would come out of the blue."""


class ProfileUpgrades:
    """Everything that can happen to an upgrade, but for its success at the door."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        *,
        admissions: Admissions,
        errands: Errands,
        trust: Trusting,
        configuration: Configuration,
        roots: RootsKnown,
    ) -> None:
        self._ledger = ledger
        self._store = ledger.store
        self._admissions = admissions
        self._errands = errands
        self._trust = TrustNow(trust)
        self._configuration = configuration
        self._roots = roots
        self._clock = clock
        errands.watch(RaiseSecurityProfile, self._not_carried)

    # What operators do

    def preconditions(self, station: Station, profile: SecurityProfile) -> list[Precondition]:
        """What the station needs first, as far as it can be known here."""
        return preconditions(
            station,
            profile,
            access=self._store.access(station.key),
            reported_serial=self._store.reported_serial(station.key),
            trust=self._trust,
            configuration=self._configuration,
            roots=self._roots,
            at=self._clock.now(),
        )

    def doubts(self, station: Station, profile: SecurityProfile) -> list[Sentence]:
        """What an operator should know who raises the profile by hand, in sentences; of a profile that is not higher,
        nothing."""
        if profile <= self._store.access(station.key).profile:
            return []
        found = self.preconditions(station, profile)
        return [*unmet(found), *unknown(found)]

    def upgrade(
        self,
        station: Station,
        profile: SecurityProfile,
        order: Order,
        *,
        despite: bool = False,
        restarts: bool = False,
        said: Draft | None = None,
    ) -> Errand:
        """Ask the station to use a higher profile; with ``restarts`` it is restarted once it has accepted. ``said``
        is the request as an operator wrote it. For profile 3 the serial number that its certificate must name is
        fixed now.

        Raises DomainError CONFLICT for a profile that is not higher, while another upgrade is under way, and, unless
        it is to be tried ``despite`` that, when the station is known to lack what it needs.
        """
        before = self._held(station)
        open_upgrade = before.upgrade
        if profile <= before.profile:
            raise conflict(
                "The station {!r} has the profile {}; an upgrade is to a higher one. A lower one is set by hand, here "
                "and at the station.",
                station.identity,
                before.profile,
                field="profile",
            )
        if open_upgrade is not None and open_upgrade.profile is not profile:
            raise conflict(
                "An upgrade of the station {!r} to profile {} is under way. Wait until it has connected with it, or "
                "give the upgrade up.",
                station.identity,
                open_upgrade.profile,
                field="profile",
            )
        found = self.preconditions(station, profile)
        missing = list(unmet(found))
        if missing and not despite:
            raise conflict("{} Ask for it despite that, if the station has it all the same.", paragraph(missing))
        draft = said or Draft(
            operation=UPGRADE_SECURITY_PROFILE,
            intent=RaiseSecurityProfile(int(profile), str(int(profile))),
            shown=None,
        )
        draft = replace(draft, warnings=(*draft.warnings, *in_english(missing), *in_english(unknown(found))))
        upgrade = Upgrade(
            profile=profile,
            state=UpgradeState.OFFERED,
            errand=None,
            since=self._clock.now(),
            asked_by=order.asked_by,
            restarts=restarts,
            may_be_taken=open_upgrade is not None,
        )
        errand = self._errands.ask(station, draft, order)
        if errand.state is ErrandState.FAILED:  # at once
            return errand
        self._open(station, before, replace(upgrade, errand=errand.number))
        reason = (
            f"The errand {errand.number} asks for profile {profile}; {before.profile} is accepted until it is used."
        )
        self._ledger.note(Kind.PROFILE_OFFERED, station.identity, reason, order.asked_by)
        return errand

    def _open(self, station: Station, before: Access, upgrade: Upgrade) -> None:
        """From now on both profiles are accepted."""
        serial_number = self._admissions.serial_for(station, before, upgrade.profile)
        is_pinned_now = serial_number != before.serial_number
        was_pinned = before.upgrade is not None and before.upgrade.pins_serial
        upgrade = replace(upgrade, pins_serial=is_pinned_now or was_pinned)
        self._ledger.keep(station.key, before, replace(before, upgrade=upgrade, serial_number=serial_number))

    def give_up(self, station: Station, asked_by: str) -> Access:
        """Accept only the present profile again. Raises DomainError CONFLICT when no upgrade is under way, and while
        the station's answer is awaited."""
        self._admissions.take_back_upgrade(station)
        before = self._store.hold(station.key)
        if before.upgrade is None:
            raise conflict("No upgrade of the station {!r} is under way.", station.identity)
        after = before.without_upgrade()
        self._ledger.keep(station.key, before, after)
        reason = f"The upgrade to profile {before.upgrade.profile} was given up; only {before.profile} is accepted."
        self._ledger.note(Kind.PROFILE_SET, station.identity, reason, asked_by)
        self._ledger.ring(station.identity)
        return after

    # What stations answer

    def answered(
        self,
        station: Station,
        errand: ErrandNumber,
        verdict: Verdict,
        *,
        profile: SecurityProfile | None,
        status: str,
    ) -> None:
        """The station answered to a value of ``SecurityProfile``, in time or late; ``profile`` is what the value
        stands for, None for one that stands for none.

        What a station has taken must be let in, whoever asked for it and whatever was decided since. A refusal of what
        has ended meanwhile, because the station connected with its new profile or an operator decided, says nothing.
        """
        before = self._store.hold(station.key)
        upgrade = before.upgrade
        if upgrade is None or upgrade.errand != errand:
            if verdict is not Verdict.REFUSED and profile is not None:
                self._taken_unasked(station, before, errand, profile)
            return
        if verdict is Verdict.REFUSED:
            told = f"The station answered {status} to profile {upgrade.profile}."
            self._not_taken(station.identity, station.key, before, upgrade, told)
            return
        after = replace(before, upgrade=replace(upgrade, state=UpgradeState.ACCEPTED, restarts=False))
        self._ledger.keep(station.key, before, after)
        when = " at its next start" if verdict is Verdict.TAKEN_AT_RESTART else ""
        reason = f"The station takes profile {upgrade.profile}{when}; it may fall back until it has connected with it."
        self._ledger.note(Kind.PROFILE_ACCEPTED, station.identity, reason)
        if upgrade.restarts:
            self._restart(station, upgrade.asked_by)

    def _taken_unasked(self, station: Station, before: Access, errand: ErrandNumber, profile: SecurityProfile) -> None:
        """It took a profile that no upgrade waits for: it was written as a mere value, or the upgrade was ended before
        the answer came."""
        if profile == before.profile:
            return
        if profile < before.profile:
            reason = (
                f"The station took the lower profile {profile} with the errand {errand}. It is refused with it: set"
                f" {before.profile} again at the station, or lower the profile here by hand (A00.FR.005)."
            )
            self._ledger.note(Kind.PROFILE_DOUBTFUL, station.identity, reason)
            return
        upgrade = before.upgrade
        if upgrade is not None and upgrade.profile is profile:
            is_out = upgrade.state is UpgradeState.OFFERED
            known = UpgradeState.OFFERED if is_out else UpgradeState.ACCEPTED
            after = replace(before, upgrade=replace(upgrade, state=known, may_be_taken=True))
            self._ledger.keep(station.key, before, after)
        elif upgrade is not None and upgrade.state is UpgradeState.ACCEPTED and (upgrade.errand or 0) > errand:
            return  # it took another one later
        else:
            asked_by = self._errands.get(errand).asked_by
            taken = Upgrade(profile, UpgradeState.ACCEPTED, errand, self._clock.now(), asked_by)
            self._open(station, before.without_upgrade(), taken)
        reason = (
            f"The station took profile {profile} with the errand {errand}, which no upgrade waited for; it may fall"
            " back until it has connected with it."
        )
        self._ledger.note(Kind.PROFILE_ACCEPTED, station.identity, reason)

    def _restart(self, station: Station, asked_by: str) -> None:
        order = Order(asked_by=asked_by, delivery=Delivery.WHEN_ONLINE, expires_at=self._clock.now() + _RESTART_WITHIN)
        with suppress(DomainError):  # the profile is taken, whatever becomes of the restart
            self._errands.ask(station, Draft(operation="Reset", intent=Restart(is_hard=True), shown=None), order)

    def _not_carried(
        self, station_key: int, errand: ErrandNumber, _intent: RaiseSecurityProfile, failure: Failure
    ) -> None:
        if self._admissions.is_taking_back(errand):
            return
        before = self._store.hold(station_key)
        if before.upgrade is None or before.upgrade.errand != errand:
            return
        self._ended(self._store.identity(station_key), station_key, before, before.upgrade, ending_of(failure))

    def _ended(self, identity: str, station_key: int, before: Access, upgrade: Upgrade, ending: Ending) -> Access:
        """Without an answer that was taken in. What a station said is in its errand, and not repeated here."""
        errand = f"the errand {upgrade.errand}"
        match ending:
            case Ending.UNKNOWN:
                return self._doubted(identity, station_key, before, upgrade)
            case Ending.UNSENT:
                told = f"The station was not asked for profile {upgrade.profile}, see {errand}."
            case Ending.REFUSED:
                told = f"The station refused profile {upgrade.profile}, see {errand}."
            case _:  # UNDONE
                told = f"The station answered with an error to profile {upgrade.profile}, see {errand}."
        return self._not_taken(identity, station_key, before, upgrade, told)

    def _not_taken(self, identity: str, station_key: int, before: Access, upgrade: Upgrade, told: str) -> Access:
        """The station did not take the profile now. It may have taken it before."""
        if upgrade.may_be_taken:
            after = replace(before, upgrade=replace(upgrade, state=UpgradeState.DOUBTFUL))
            kind = Kind.PROFILE_DOUBTFUL
            told = f"{told} It may have had it before, so that both are still accepted."
        else:
            after = before.without_upgrade()
            kind = Kind.PROFILE_REFUSED
            told = f"{told} Only profile {before.profile} is accepted, as before."
        self._ledger.keep(station_key, before, after)
        self._ledger.note(kind, identity, told)
        return after

    def _doubted(self, identity: str, station_key: int, before: Access, upgrade: Upgrade) -> Access:
        after = replace(before, upgrade=replace(upgrade, state=UpgradeState.DOUBTFUL))
        self._ledger.keep(station_key, before, after)
        reason = (
            f"It is not known whether the station took profile {upgrade.profile}, see the errand {upgrade.errand}: its"
            " first use decides, or you do."
        )
        self._ledger.note(Kind.PROFILE_DOUBTFUL, identity, reason)
        return after

    # Inside

    def _held(self, station: Station) -> Access:
        """The access with no errand under way. Raises DomainError CONFLICT."""
        access = self._store.hold(station.key)
        upgrade = access.upgrade
        if upgrade is None or upgrade.errand is None:
            return access
        errand = self._errands.get(upgrade.errand)
        if not errand.state.is_final:
            raise conflict(
                "The errand {} is asking the station {!r} to use profile {}. Wait for its end, or cancel it.",
                errand.number,
                station.identity,
                upgrade.profile,
                field="profile",
            )
        if upgrade.state is not UpgradeState.OFFERED:
            return access
        # Its end came to nothing here.
        return self._ended(station.identity, station.key, access, upgrade, ending_of(errand))
