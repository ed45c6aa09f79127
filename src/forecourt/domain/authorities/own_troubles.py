"""What an operator has to see to at the own authority, decided from what it has: pure, as its plan is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecourt.domain.alarms.model import Level
from forecourt.domain.authorities.model import KeyFamily, OwnCertificate, Phase, Rank
from forecourt.domain.authorities.own_plan import OwnState, families_of, issuing_lead, root_lead, still_good
from forecourt.domain.errors import Sentence, paragraph

NAMELESS: Final = Sentence(
    "The own authority has no name yet: its CA certificates say whose they are (A00.FR.404). Set the operator's name "
    "(cpoName of the security policy), or another one with: forecourt ca create --organisation NAME."
)
"""Told to whoever asks for a hierarchy, and to requests that wait for one."""

_NAME: Final = "organisation"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that an operator has to see to."""

    subject: str
    level: Level
    sentence: Sentence


def subjects() -> list[str]:
    """Of all troubles that there can be."""
    return [_NAME, *(f"{family.value} {rank.value}" for family in KeyFamily for rank in (Rank.ROOT, Rank.ISSUING))]


def troubles(state: OwnState, at: datetime) -> list[Trouble]:
    """What ends soon although something should have taken its place, and what only an operator can do."""
    found = [*_root_troubles(state, at), *_issuing_troubles(state, at)]
    if state.is_wanted and not state.has_name:
        found.append(Trouble(_NAME, Level.CRITICAL, NAMELESS))
    return found


def _root_troubles(state: OwnState, at: datetime) -> Iterator[Trouble]:
    for family in families_of(state):
        active = still_good(state.in_force(family, Rank.ROOT), at)
        if active is None:
            continue
        following = still_good(state.in_force(family, Rank.ROOT, Phase.NEXT), at)
        left = active.certificate.not_after - at
        if following is None and left >= root_lead(state.policy):
            continue
        level = Level.CRITICAL if left < state.policy.longest_leaf else Level.WARNING
        ends = Sentence(
            "The {} root of the own authority ends on {:%Y-%m-%d}.", family.value.upper(), active.certificate.not_after
        )
        yield Trouble(f"{family.value} {Rank.ROOT.value}", level, paragraph([ends, *_advice(following)]))


def _advice(following: OwnCertificate | None) -> Iterator[Sentence]:
    if following is None:
        yield Sentence("Make the next one with: forecourt ca roll-root.")
        return
    yield Sentence("Install the next root {}… at all stations, and activate it.", following.fingerprint[:16])
    if following.cross is None:
        yield Sentence("No root vouches for it, because the key of the one in force is lost.")


def _issuing_troubles(state: OwnState, at: datetime) -> Iterator[Trouble]:
    for family in families_of(state):
        issuing = state.in_force(family, Rank.ISSUING)
        if issuing is None:
            continue
        left = issuing.certificate.not_after - at
        if left < issuing_lead(state.policy):
            level = Level.CRITICAL if left < state.policy.longest_leaf else Level.WARNING
            sentence = Sentence(
                "The {} issuing CA of the own authority ends on {:%Y-%m-%d}, and nothing took its place; see the log of"
                " the system, and the end of its root.",
                family.value.upper(),
                issuing.certificate.not_after,
            )
            yield Trouble(f"{family.value} {Rank.ISSUING.value}", level, sentence)
