"""Local lists that are refused, lost or answered late (OCPP 1.6 §5.15)."""

from __future__ import annotations

import pytest

from forecourt.domain.errands.model import ErrandState
from forecourt.domain.local_list.model import ListState
from tests.domain.local_list.site import Site
from tests.support.carrying import Carrying
from tests.support.clock import NOON


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.mark.parametrize("status", ["Failed", "VersionMismatch"])
def test_a_refused_change_is_followed_by_the_full_list(site: Site, status: str) -> None:
    """OCPP 1.6 §5.15."""
    site.is_in_sync_with("A")
    site.has_tags("B")
    site.chooses("A", "B")
    site.updates()

    assert site.sends(status) == (2, "Differential", ["B"])
    assert site.state() is ListState.SENDING
    assert site.sends() == (3, "Full", ["A", "B"])
    assert site.state() is ListState.IN_SYNC


def test_an_update_starts_over_only_once(site: Site) -> None:
    site.is_in_sync_with("A")
    site.has_setting("SendLocalListMaxLength", 1)
    site.has_tags("B")
    site.chooses("A", "B")
    site.updates()

    assert site.sends("VersionMismatch")[1] == "Differential"
    assert site.sends() == (3, "Full", ["A"])
    assert site.sends("VersionMismatch") == (4, "Differential", ["B"])
    assert site.carrying.is_idle()
    assert site.state() is ListState.FAILED
    assert site.sheet.record.failure == "The station answered VersionMismatch to version 4."
    site.updates()
    assert site.sends() == (5, "Full", ["A"])


def test_a_refused_full_list_ends_the_update(site: Site) -> None:
    site.has_tags("A")
    site.chooses("A")
    site.updates()
    site.sends("Failed")

    assert site.carrying.is_idle()
    assert site.state() is ListState.FAILED
    site.chooses("A")
    assert site.state() is ListState.DUE


def test_a_station_without_lists_says_so(site: Site) -> None:
    """OCPP 1.6 §7.47, §5.10: the version is then -1."""
    site.has_tags("A")
    site.chooses("A")
    site.updates()
    site.sends("NotSupported")
    assert site.state() is ListState.NOT_SUPPORTED

    site.reports(0)
    assert site.state() is ListState.DUE
    site.reports(-1)
    assert site.state() is ListState.NOT_SUPPORTED
    assert (site.sheet.record.reported_version, site.sheet.record.reported_at) == (-1, NOON)


def test_an_operator_may_try_all_the_same(site: Site) -> None:
    site.reports(-1)
    site.has_tags("A")
    site.chooses("A")
    site.updates()

    assert site.sends() == (1, "Full", ["A"])
    assert site.state() is ListState.IN_SYNC


@pytest.mark.parametrize("code", ["NotImplemented", "NotSupported"])
def test_an_error_may_say_that_there_are_no_lists(site: Site, code: str) -> None:
    site.has_tags("A")
    site.chooses("A")
    site.updates()
    site.carrying.sends()
    site.carrying.fails(code)

    assert site.state() is ListState.NOT_SUPPORTED


@pytest.mark.parametrize("ending", ["error", "silence"])
def test_after_an_error_or_silence_the_next_update_is_full(site: Site, ending: str) -> None:
    """Nobody knows what the station did with it."""
    site.is_in_sync_with("A")
    site.has_tags("B")
    site.chooses("A", "B")
    site.updates()
    site.carrying.sends()
    if ending == "error":
        site.carrying.fails("InternalError")
    else:
        site.carrying.loses()

    assert (site.state(), site.sheet.record.version) == (ListState.FAILED, None)
    site.updates()
    assert site.sends() == (3, "Full", ["A", "B"])


def test_a_late_answer_does_not_make_the_list_known(site: Site) -> None:
    site.has_tags("A")
    site.chooses("A")
    site.updates()
    site.carrying.sends()
    site.carrying.loses()
    site.carrying.hears_late(status="Accepted")

    assert (site.sheet.record.version, site.sheet.record.is_content_known) == (1, False)
    site.updates()
    assert site.sends() == (2, "Full", ["A"])


def test_an_answer_that_is_heard_again_changes_nothing(site: Site) -> None:
    """It was stored, and nobody learned that."""
    site.is_in_sync_with("A")
    known = site.sheet
    site.hears_again("Accepted")

    assert site.sheet == known
    assert (site.sheet.acknowledged, site.state()) == (1, ListState.IN_SYNC)


@pytest.mark.parametrize("status", ["Accepted", "VersionMismatch", "NotSupported"])
def test_an_answer_that_is_heard_again_in_the_middle_of_an_update_changes_nothing(site: Site, status: str) -> None:
    site.is_in_sync_with("A")
    site.has_setting("SendLocalListMaxLength", 1)
    site.has_tags("B", "C")
    site.chooses("A", "B", "C")
    site.updates()
    site.sends(status)
    known, errands = site.sheet, len(site.errands())
    site.hears_again(status)

    assert site.sheet == known
    assert len(site.errands()) == errands


def test_what_was_never_sent_leaves_what_is_known(site: Site) -> None:
    site.is_in_sync_with("A")
    site.has_tags("B")
    site.chooses("A", "B")
    site.carrying.leaves()
    errand = site.updates()

    assert errand.state is ErrandState.FAILED
    assert (site.state(), site.sheet.record.version) == (ListState.FAILED, 1)
    assert site.sheet.record.failure == errand.reason
    site.carrying = Carrying(site.services, site.station)
    site.updates()
    assert site.sends() == (3, "Differential", ["B"])


def test_an_update_whose_answer_could_not_be_used_is_not_waited_for(site: Site) -> None:
    site.is_in_sync_with("A")
    site.has_tags("B")
    site.chooses("A", "B")
    errand = site.updates()
    claim = site.services.errands._store.find_claim(errand.number)
    assert claim is not None
    site.carrying.sends()
    site.services.errands.answered(claim, response="{}", refusal=None)

    assert site.state() is ListState.DUE
    site.updates()
    assert site.sends() == (3, "Full", ["A", "B"])


def test_a_list_that_an_operator_sent_is_not_taken_for_one_whose_answer_could_not_be_used(site: Site) -> None:
    """Both have the same version, and neither is on its way any more."""
    site.is_in_sync_with("A")
    site.has_tags("B")
    site.chooses("A", "B")
    site.updates()
    site.carrying.sends()
    site.carrying.records("{}", None)
    site.says(2)

    assert (site.sheet.record.version, site.sheet.record.is_content_known) == (2, False)
    assert site.carrying.is_idle()
    site.updates()
    assert site.sends() == (3, "Full", ["A", "B"])
    assert site.state() is ListState.IN_SYNC
