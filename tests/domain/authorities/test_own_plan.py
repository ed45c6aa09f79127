"""What the own authority makes next, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.alarms.model import Level
from forecourt.domain.authorities.model import KeyFamily, OwnCertificate, OwnList, OwnPolicy, Phase, Rank
from forecourt.domain.authorities.own_plan import (
    Activate,
    MakeIssuing,
    MakeList,
    MakeResponder,
    MakeRoot,
    OwnState,
    TidyUp,
    tasks,
)
from forecourt.domain.authorities.own_troubles import troubles
from forecourt.pki.issued import key_digest
from tests.support.authority import Authority, Validity
from tests.support.clock import NOON

FAMILY = KeyFamily.ECDSA
POLICY = OwnPolicy(
    families=frozenset({FAMILY}), root_days=1000, issuing_days=300, overlap_days=100, station_days=60, server_days=30
)
"""What is signed lives for 60 days, so that it would be late to replace an issuing CA 90 days before it ends."""


def lasting(days: float) -> Validity:
    return Validity(timedelta(days=-2), timedelta(days=days))


class Tree:
    """A root, its issuing CA and their responders, with so many days left."""

    def __init__(self, *, root: float = 1000, issuing: float = 300, responder: float = 30) -> None:
        self.root_ca = Authority.root(validity=lasting(root), now=NOON)
        self.issuing_ca = self.root_ca.sub(validity=lasting(issuing))
        self.root = own(self.root_ca, Rank.ROOT)
        self.issuing = own(self.issuing_ca, Rank.ISSUING, self.root)
        self.responders = [
            own(ca.sub(f"OCSP {number}", validity=lasting(responder)), Rank.RESPONDER, above)
            for number, (ca, above) in enumerate(((self.root_ca, self.root), (self.issuing_ca, self.issuing)))
        ]

    def state(self, **changes: object) -> OwnState:
        return replace(
            OwnState(
                policy=POLICY,
                certificates=[self.root, self.issuing, *self.responders],
                lists={one.address: a_list() for one in (self.root, self.issuing)},
            ),
            **changes,  # type: ignore[arg-type]  # by name
        )


def own(ca: Authority, rank: Rank, issuer: OwnCertificate | None = None, phase: Phase = Phase.ACTIVE) -> OwnCertificate:
    return OwnCertificate(
        certificate=ca.certificate,
        family=FAMILY,
        rank=rank,
        phase=phase,
        key_id=key_digest(ca.certificate),
        issuer=None if issuer is None else issuer.fingerprint,
        made_at=NOON,
    )


def a_list(number: int = 1, *, hours: float = 24, is_behind: bool = False) -> OwnList:
    return OwnList(number, NOON, NOON + timedelta(hours=hours), is_behind=is_behind)


def a_list_made(ago: float | None, *, is_behind: bool = True, is_urgent: bool = False, hours: float = 24) -> OwnList:
    """So many seconds ago; None for one of which nobody knows when."""
    made_at = None if ago is None else NOON - timedelta(seconds=ago)
    return replace(a_list(7, hours=hours), is_behind=is_behind, is_urgent=is_urgent, made_at=made_at)


EMPTY = OwnState(policy=POLICY, certificates=[], lists={})
TREE = Tree()


def test_nothing_is_needed_when_all_is_there() -> None:
    assert tasks(TREE.state(), NOON) == []
    assert troubles(TREE.state(), NOON) == []


def test_nothing_is_needed_before_it_is_wanted() -> None:
    assert tasks(EMPTY, NOON) == []
    assert tasks(replace(EMPTY, is_wanted=True), NOON) == [MakeRoot(family=FAMILY, previous=None)]


def test_every_family_of_the_policy_gets_a_root() -> None:
    both = replace(EMPTY, policy=OwnPolicy(), is_wanted=True)
    assert tasks(both, NOON) == [MakeRoot(family=family, previous=None) for family in KeyFamily]


def test_what_follows_a_root() -> None:
    state = TREE.state(certificates=[TREE.root], lists={})
    assert tasks(state, NOON) == [
        MakeIssuing(family=FAMILY, root=TREE.root),
        MakeResponder(issuer=TREE.root),
        MakeList(issuer=TREE.root, number=1),
    ]


@pytest.mark.parametrize(("days", "is_due"), [(101, False), (99, True)])
def test_an_issuing_ca_is_replaced_before_it_ends(days: float, is_due: bool) -> None:
    tree = Tree(issuing=days)
    wanted = [MakeIssuing(family=FAMILY, root=tree.root)] if is_due else []
    assert tasks(tree.state(), NOON) == wanted


def test_an_issuing_ca_that_ends_with_its_root_is_not_replaced_for_ever() -> None:
    tree = Tree(root=90, issuing=90)
    assert not any(isinstance(one, MakeIssuing) for one in tasks(tree.state(), NOON))


@pytest.mark.parametrize(
    ("overlap", "days", "is_due"), [(0, 91, False), (0, 89, True), (300, 226, False), (300, 224, True)]
)
def test_an_overlap_of_the_policy_only_makes_it_earlier(overlap: int, days: float, is_due: bool) -> None:
    """What is signed always gets its full life; and no new CA would be better than one that has most of its own."""
    tree = Tree(issuing=days)
    policy = replace(POLICY, overlap_days=overlap)
    wanted = [MakeIssuing(family=FAMILY, root=tree.root)] if is_due else []
    assert tasks(tree.state(policy=policy), NOON) == wanted


@pytest.mark.parametrize(("days", "is_due"), [(301, False), (299, True)])
def test_the_next_root_is_made_before_issuing_cas_are_cut_short(days: float, is_due: bool) -> None:
    tree = Tree(root=days, issuing=200)
    wanted = [MakeRoot(family=FAMILY, previous=tree.root)] if is_due else []
    assert tasks(tree.state(), NOON) == wanted


def test_there_is_one_next_root_at_most() -> None:
    tree = Tree(root=200, issuing=200)
    following = own(Authority.root("Next", validity=lasting(1000), now=NOON), Rank.ROOT, phase=Phase.NEXT)
    state = tree.state(certificates=[*tree.state().certificates, following], rolls=frozenset({(FAMILY, Rank.ROOT)}))
    assert not any(isinstance(one, MakeRoot) for one in tasks(state, NOON))


@pytest.mark.parametrize(("days", "is_due"), [(61, False), (59, True), (-0.5, True)])
def test_a_next_root_takes_over_by_itself_before_the_one_in_force_cuts_anything_short(
    days: float, is_due: bool
) -> None:
    tree = Tree(root=days, issuing=days)
    following = own(Authority.root("Next", validity=lasting(1000), now=NOON), Rank.ROOT, phase=Phase.NEXT)
    state = tree.state(certificates=[*tree.state().certificates, following], is_wanted=True)
    found = [one for one in tasks(state, NOON) if isinstance(one, MakeRoot | Activate)]
    assert found == ([Activate(root=following)] if is_due else [])


def test_a_root_that_ended_is_followed_at_once_by_one_that_nobody_vouches_for() -> None:
    tree = Tree(root=-0.5, issuing=-0.5)
    assert MakeRoot(family=FAMILY, previous=None) in tasks(tree.state(), NOON)
    unnamed = tree.state(has_name=False, is_wanted=True)
    assert not any(isinstance(one, MakeRoot) for one in tasks(unnamed, NOON))


def test_a_responder_that_was_revoked_is_replaced() -> None:
    revoked = TREE.state(revoked=frozenset({TREE.responders[1].fingerprint}))
    assert tasks(revoked, NOON) == [MakeResponder(issuer=TREE.issuing)]


def test_lists_are_made_up_to_the_end_and_responders_are_not() -> None:
    tree = Tree(issuing=0.02, responder=0.02)
    behind = {tree.root.address: a_list(), tree.issuing.address: a_list(3, is_behind=True)}
    found = [one for one in tasks(tree.state(lists=behind), NOON) if not isinstance(one, MakeIssuing)]
    assert found == [
        MakeResponder(issuer=tree.root),
        MakeList(issuer=tree.issuing, number=4, since=NOON),
    ]


def test_what_was_asked_for_is_made() -> None:
    for rank, task in (
        (Rank.ROOT, MakeRoot(family=FAMILY, previous=TREE.root)),
        (Rank.ISSUING, MakeIssuing(family=FAMILY, root=TREE.root)),
    ):
        assert tasks(TREE.state(rolls=frozenset({(FAMILY, rank)})), NOON) == [task]


def test_an_issuing_ca_below_another_root_or_revoked_is_replaced() -> None:
    other = own(Authority.root("Other", validity=lasting(1000), now=NOON), Rank.ROOT)
    former = replace(TREE.root, phase=Phase.FORMER)
    state = TREE.state(certificates=[former, TREE.issuing, *TREE.responders, other])
    assert MakeIssuing(family=FAMILY, root=other) in tasks(state, NOON)
    revoked = TREE.state(revoked=frozenset({TREE.issuing.fingerprint}))
    assert tasks(revoked, NOON) == [MakeIssuing(family=FAMILY, root=TREE.root)]


@pytest.mark.parametrize(("days", "is_due"), [(11, False), (9, True)])
def test_a_responder_is_replaced_before_it_ends(days: float, is_due: bool) -> None:
    tree = Tree(responder=days)
    wanted = [MakeResponder(issuer=tree.root), MakeResponder(issuer=tree.issuing)] if is_due else []
    assert tasks(tree.state(), NOON) == wanted


@pytest.mark.parametrize(
    ("known", "is_due"),
    [
        (a_list(7, hours=24), False),
        (a_list(7, hours=13), False),
        (a_list(7, hours=12), True),
        (a_list(7, hours=24, is_behind=True), True),
        (a_list(7, hours=-1), True),
        (a_list(7, hours=0), True),
    ],
)
def test_a_list_is_made_again(known: OwnList, is_due: bool) -> None:
    state = TREE.state(lists={TREE.root.address: a_list(), TREE.issuing.address: known})
    wanted = [MakeList(issuer=TREE.issuing, number=8, since=NOON)] if is_due else []
    assert tasks(state, NOON) == wanted


@pytest.mark.parametrize(
    ("known", "is_due"),
    [
        (a_list_made(9.9), False),
        (a_list_made(10), True),
        (a_list_made(0.9, is_urgent=True), False),
        (a_list_made(1, is_urgent=True), True),
        (a_list_made(None), True),
        (a_list_made(-0.1), True),
        (a_list_made(3600, is_behind=False), False),
        (a_list_made(0, is_behind=False, hours=12), True),
    ],
    ids=["fresh", "old enough", "fresh, urgent", "urgent", "older version", "clock set back", "says all", "ends soon"],
)
def test_many_revocations_in_a_row_make_few_lists(known: OwnList, is_due: bool) -> None:
    state = TREE.state(lists={TREE.root.address: a_list(), TREE.issuing.address: known})
    assert [isinstance(one, MakeList) for one in tasks(state, NOON)] == [True] * is_due


@pytest.mark.parametrize(
    ("phase", "has_key", "wanted"),
    [(Phase.FORMER, True, [False]), (Phase.RETIRED, True, [True]), (Phase.RETIRED, False, [])],
)
def test_a_former_ca_goes_on_to_list_and_a_retired_one_does_once_more(
    phase: Phase, has_key: bool, wanted: list[bool]
) -> None:
    former = replace(TREE.issuing, phase=phase, has_key=has_key)
    state = TREE.state(certificates=[*TREE.state().certificates, former], lists={TREE.root.address: a_list()})
    made = [one for one in tasks(state, NOON) if isinstance(one, MakeList) and one.issuer == former]
    assert [one.is_last for one in made] == wanted


def test_a_family_that_the_policy_gave_up_is_kept_and_not_renewed() -> None:
    tree = Tree(issuing=50)
    state = tree.state(policy=replace(POLICY, families=frozenset({KeyFamily.RSA})), lists={})
    assert tasks(state, NOON) == [MakeList(issuer=tree.root, number=1), MakeList(issuer=tree.issuing, number=1)]


def test_what_has_expired_is_tidied_up_and_not_answered_for() -> None:
    tree = Tree(responder=2)
    late = NOON + timedelta(days=4)
    ended = [one for one in tasks(tree.state(lists={}), late) if isinstance(one, TidyUp)]
    assert ended == [TidyUp(certificates=tuple(tree.responders))]


@pytest.mark.parametrize(("days", "level"), [(301, None), (299, Level.WARNING), (59, Level.CRITICAL)])
def test_a_root_that_ends_is_told(days: float, level: Level | None) -> None:
    tree = Tree(root=days, issuing=min(days, 200))
    told = {one.subject: one.level for one in troubles(tree.state(), NOON)}
    assert told.get("ecdsa root") is level


@pytest.mark.parametrize(("days", "level"), [(91, None), (89, Level.WARNING), (59, Level.CRITICAL)])
def test_an_issuing_ca_that_nothing_replaces_is_told(days: float, level: Level | None) -> None:
    told = {one.subject: one.level for one in troubles(Tree(issuing=days).state(), NOON)}
    assert told == ({} if level is None else {"ecdsa issuing": level})


def test_a_next_root_that_waits_for_an_operator_is_told() -> None:
    following = own(Authority.root("Next", validity=lasting(1000), now=NOON), Rank.ROOT, phase=Phase.NEXT)
    state = TREE.state(certificates=[*TREE.state().certificates, following])
    [trouble] = troubles(state, NOON)
    assert (trouble.subject, trouble.level) == ("ecdsa root", Level.WARNING)
    assert "activate" in str(trouble.sentence)
    assert "No root vouches for it" in str(trouble.sentence)


def test_a_hierarchy_without_a_name_is_told_and_not_made() -> None:
    nameless = replace(EMPTY, is_wanted=True, has_name=False)
    assert tasks(nameless, NOON) == []
    [trouble] = troubles(nameless, NOON)
    assert (trouble.level, "cpoName" in str(trouble.sentence)) == (Level.CRITICAL, True)


def test_a_family_that_was_given_up_is_not_told_of() -> None:
    state = Tree(root=29, issuing=29).state(policy=replace(POLICY, families=frozenset({KeyFamily.RSA})))
    assert troubles(state, NOON) == []
