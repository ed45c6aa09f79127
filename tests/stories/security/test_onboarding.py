"""A new station comes with its maker's certificate, and gets one of its own (A00.FR.404, 406, 801–806)."""

from __future__ import annotations

import pytest

from tests.stories.octt.asking import on_line
from tests.stories.security.world import World
from tests.support.peer import CallRefused


def test_factory_credentials_let_a_station_in_as_pending_until_it_has_its_own(secure: World) -> None:
    """A00.FR.406, 805, 806: it boots as Pending and may do nothing else; once it came with a certificate of the
    operator's tree, its maker's is refused."""
    identity = secure.station_with_certificate(trustedOrganisations=[secure.maker_name])
    factory, own = secure.client(secure.from_maker(identity)), secure.client(secure.own(identity))
    with secure.peer(identity, factory) as peer:
        assert peer.boot()["status"] == "Pending"
        with pytest.raises(CallRefused) as refused:
            peer.heartbeat()
        assert refused.value.code == "SecurityError"
        peer.answers("TriggerMessage", {"status": "Accepted"})
        on_line(secure.rest, peer)
        secure.rest.operate(identity, "TriggerMessage", {"requestedMessage": "BootNotification"})
    with secure.peer(identity, own) as peer:
        assert peer.boot()["status"] == "Accepted"
        assert list(peer.heartbeat()) == ["currentTime"]
    assert secure.knock(identity, factory).status == 403
    assert secure.knock(identity, own).status == 101
    secure.assert_noted(identity, "onboardingRefused")


def test_a_maker_that_is_not_trusted_for_this_station_is_nobody(secure: World) -> None:
    """A00.FR.404: the maker's root is in the store, but the station is not known to be of its make."""
    identity = secure.station_with_certificate()
    assert secure.knock(identity, secure.client(secure.from_maker(identity))).status == 403
    secure.assert_noted(identity, "organisationMismatch")


def test_factory_credentials_name_the_station_as_well(secure: World) -> None:
    """A00.FR.405, 427: a new station may not come as another new station."""
    identity = secure.station_with_certificate(trustedOrganisations=[secure.maker_name])
    assert secure.knock(identity, secure.client(secure.from_maker("SN-OTHER"))).status == 403
    secure.assert_noted(identity, "serialMismatch")


def test_the_operators_root_cannot_be_replaced_by_a_makers(secure: World) -> None:
    """A maker's tree that is trusted for onboarding is not trusted for the operator's own stations."""
    identity = secure.station_with_certificate()
    forged = secure.from_maker(identity, organisation=secure.cpo_name)
    with secure.peer(identity, secure.client(forged)) as peer:
        assert peer.boot()["status"] == "Pending"
    assert secure.rest.security(identity)["ownCertificate"] is False


def test_one_organization_more_is_trusted_for_one_station(secure: World) -> None:
    """A00.FR.404: "or that of an organisation that the operator trusts"."""
    identity, other = secure.station_with_certificate(), secure.station_with_certificate()
    secure.rest.change_security(identity, trustedOrganisations=["Partner"])
    assert secure.knock(identity, secure.client(secure.own(identity, organisation="Partner"))).status == 101
    assert secure.knock(other, secure.client(secure.own(other, organisation="Partner"))).status == 403


def test_what_is_excused_in_one_station_is_excused_there_alone(secure: World) -> None:
    """The common name that only contains the serial number (A00.FR.405), and any organization."""
    identity, other = secure.station_with_certificate(), secure.station_with_certificate()
    within, prefix = f"Charger {identity}", f"{identity}7"
    assert secure.knock(identity, secure.client(secure.own(within))).status == 403
    secure.rest.change_security(identity, leniencies=["serialWithinCommonName"])
    assert secure.knock(identity, secure.client(secure.own(within))).status == 101
    assert secure.knock(identity, secure.client(secure.own(prefix))).status == 403
    assert secure.knock(identity, secure.client(secure.own(f"{within}7"))).status == 403
    assert secure.knock(other, secure.client(secure.own(f"Charger {other}"))).status == 403
    secure.rest.change_security(identity, leniencies=["anyOrganisation"])
    assert secure.knock(identity, secure.client(secure.own(identity, organisation="Anybody"))).status == 101
    assert secure.knock(other, secure.client(secure.own(other, organisation="Anybody"))).status == 403
