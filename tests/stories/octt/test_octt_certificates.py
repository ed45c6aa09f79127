"""The certification tool's cases of stations' certificates: real keys, real TLS (security whitepaper A02).

The authority is the system's own, which nobody has set up: it is made when the first station asks.
"""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
from ocpp.v16 import call

from tests.stories.moments import ago
from tests.stories.octt.asking import ASKED_BY, on_line
from tests.stories.octt.cases import case
from tests.stories.octt.certificate_holder import CertificateHolder
from tests.stories.octt.states import assert_boot_accepted, boot
from tests.stories.security.world import World, first_certificate
from tests.stories.waiting import eventually
from tests.support.peer import Peer
from tests.support.probes import Identification
from tests.support.rest import Json

KEYS = ["RSA", "ECDSA"]
ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
TRIGGER = ("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})
"""Without a connectorId."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A certificate as it came to the station, and the order that brought it."""

    order: int
    shown: Identification


def renew(world: World, peer: Peer, kind: str, folder: Path, *, answer: Json) -> Delivered:
    """An operator asks for a new certificate; the station makes a key and a request, gets a certificate and answers."""
    peer.answers("ExtendedTriggerMessage", ACCEPTED)
    peer.answers("CertificateSigned", answer)
    before = len(peer.calls)
    errand = world.rest.operate(peer.identity, "RenewCertificate", {})
    assert (errand["state"], errand["action"], errand["response"]) == ("answered", "ExtendedTriggerMessage", ACCEPTED)
    assert peer.calls[before:] == [TRIGGER]
    holder = CertificateHolder(peer.identity, world.cpo_name, kind, folder)
    assert peer.call(call.SignCertificate(csr=holder.request())) == ACCEPTED
    action, words = peer.wait_for_calls(before + 2)[-1]
    assert (action, list(words)) == ("CertificateSigned", ["certificateChain"])
    shown = holder.takes(words["certificateChain"])
    [order, *_older] = world.rest.items("/certificate-orders", {"stationId": peer.identity})
    assert (order["occasion"], order["askedBy"], order["askErrand"]) == ("operator", ASKED_BY, errand["errand"])
    return Delivered(order["order"], shown)


def state_of(world: World, delivered: Delivered) -> str:
    state: str = world.rest.get(f"/certificate-orders/{delivered.order}")["state"]
    return state


def wait_for_state(world: World, delivered: Delivered, state: str) -> None:
    eventually(lambda: state_of(world, delivered) == state, f"order {delivered.order} is {state}")


def assert_admitted(world: World, peer: Peer, shown: Identification) -> None:
    """With profile 3, and with this certificate."""
    [connection] = [one for one in world.rest.connections() if one["stationId"] == peer.identity]
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(first_certificate(shown))).hexdigest()
    assert (connection["securityProfile"], connection["fingerprint"]) == (3, fingerprint)


@case("074")
@pytest.mark.parametrize("key", KEYS)
def test_tc_074_csms_new_certificate(secure: World, key: str, tmp_path: Path) -> None:
    """Twice: the station comes back with its new certificate at once, without a reset; from then on the one before,
    which was as good until then, is refused (A02.FR.08–10)."""
    identity = secure.station_with_certificate()
    with secure.peer(identity, secure.client(secure.own(identity))) as peer:
        boot(on_line(secure.rest, peer))
        first = renew(secure, peer, key, tmp_path, answer=ACCEPTED)
    with_first = secure.client(first.shown)
    with secure.peer(identity, with_first) as peer:
        assert_boot_accepted(peer.boot())
        assert_admitted(secure, on_line(secure.rest, peer), first.shown)
        wait_for_state(secure, first, "used")
        second = renew(secure, peer, key, tmp_path, answer=ACCEPTED)
        wait_for_state(secure, second, "installed")
        peer.lose_power()
    with secure.peer(identity, with_first) as peer:  # the station may still fall back
        assert_boot_accepted(peer.boot())
    with secure.peer(identity, secure.client(second.shown)) as peer:
        assert_boot_accepted(peer.boot())
        assert_admitted(secure, on_line(secure.rest, peer), second.shown)
        wait_for_state(secure, second, "used")
        former = f"/certificate-orders/{first.order}"
        eventually(lambda: secure.rest.get(former)["revoked"], "it has stayed, and the former is revoked", seconds=40)
        eventually(lambda: secure.knock(identity, with_first).status == 403, "the former one is refused", seconds=5)
        assert list(peer.heartbeat()) == ["currentTime"]
    secure.assert_noted(identity, "certificateRevoked")
    assert secure.rest.security(identity)["securityProfile"] == 3


@case("074")
@pytest.mark.parametrize("line_end", ["\r\n", "%0A", "%0D%0A"], ids=["CRLF", "%0A", "%0D%0A"])
def test_tc_074_csms_line_ends_of_the_tool(secure: World, line_end: str, tmp_path: Path) -> None:
    """As the tool writes PEM; what the station gets has LF."""
    identity = secure.station_with_certificate()
    holder = CertificateHolder(identity, secure.cpo_name, "ECDSA", tmp_path)
    with secure.peer(identity, secure.client(secure.own(identity))) as peer:
        peer.answers("CertificateSigned", ACCEPTED)
        boot(on_line(secure.rest, peer))
        assert peer.call(call.SignCertificate(csr=holder.request(line_end=line_end))) == ACCEPTED
        [(action, words)] = peer.wait_for_calls(1)
        assert action == "CertificateSigned"
        shown = holder.takes(words["certificateChain"])
    with secure.peer(identity, secure.client(shown)) as peer:
        assert_boot_accepted(peer.boot())


@case("074")
def test_tc_074_csms_subject_that_the_tool_leaves_open(secure: World, tmp_path: Path) -> None:
    """The tool's request has no usable subject, and what is issued must have the serial number all the same."""
    identity = secure.station_with_certificate(leniencies=["subjectSetByUs"])
    holder = CertificateHolder(identity, secure.cpo_name, "RSA", tmp_path)
    with secure.peer(identity, secure.client(secure.own(identity))) as peer:
        peer.answers("CertificateSigned", ACCEPTED)
        boot(on_line(secure.rest, peer))
        assert peer.call(call.SignCertificate(csr=holder.request(has_subject=False))) == ACCEPTED
        [(_action, words)] = peer.wait_for_calls(1)
        shown = holder.takes(words["certificateChain"])
    with secure.peer(identity, secure.client(shown)) as peer:
        assert_boot_accepted(peer.boot())


@case("077")
@pytest.mark.parametrize("key", KEYS)
def test_tc_077_csms_certificate_refused(secure: World, key: str, tmp_path: Path) -> None:
    """The station does not take the certificate, and says why. It is revoked; the one that the station has stays good,
    somebody is told, and the next attempt succeeds."""
    identity = secure.station_with_certificate()
    own = secure.client(secure.own(identity))
    with secure.peer(identity, own) as peer:
        boot(on_line(secure.rest, peer))
        refused = renew(secure, peer, key, tmp_path, answer=REJECTED)
        at = ago(seconds=1)
        assert peer.security_event("InvalidChargePointCertificate", at, "not from my operator") == {}
        wait_for_state(secure, refused, "rejected")
        events = secure.rest.security_events(stationId=identity)
        assert [(one["type"], one["timestamp"]) for one in events] == [("InvalidChargePointCertificate", at)]
        [alarm] = secure.rest.items("/alarms", {"subject": identity})
        assert (alarm["topic"], alarm["endedAt"]) == ("certificateOrder", None)
        peer.lose_power()
    assert secure.knock(identity, secure.client(refused.shown)).status == 403
    with secure.peer(identity, own) as peer:
        assert_boot_accepted(peer.boot())
        taken = renew(secure, on_line(secure.rest, peer), key, tmp_path, answer=ACCEPTED)
        wait_for_state(secure, taken, "installed")
    with secure.peer(identity, secure.client(taken.shown)) as peer:
        assert_boot_accepted(peer.boot())
        wait_for_state(secure, taken, "used")
