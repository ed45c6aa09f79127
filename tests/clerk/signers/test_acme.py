"""Tests of ACME (RFC 8555) with Pebble: accounts, orders, proofs over HTTP, and restarts of either side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import acme.client
import acme.errors
import pytest
from acme import messages
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from forecourt.clerk.signers.acme import AcmeAuthority
from forecourt.clerk.signers.http import HttpTalk, trusting
from forecourt.clerk.signers.outside import Answered, CheckedSigner, Trusted
from forecourt.clock import SystemClock
from forecourt.domain.signing.model import (
    Assignment,
    Issued,
    SigningRefused,
    SigningUnavailable,
    Use,
    Waiting,
    Wanted,
)
from tests.clerk.signers.conversations import Notes, answering_challenges, follow, step
from tests.support.pebble import BLOCKED, EAB_KEY, EAB_KEY_ID, Pebble, running_pebble
from tests.support.signings import a_wanted, an_assignment, for_server

NOTHING = Trusted((), ())


@pytest.fixture(scope="module")
def pebble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    with running_pebble(tmp_path_factory.mktemp("pebble") / "acme") as started:
        yield started


def an_order(pebble: Pebble, wanted: Wanted | None = None, **settings: str) -> Assignment:
    key = settings.pop("eabKey", None)
    return an_assignment(
        wanted or for_server(),
        kind="acme",
        settings={"directory": pebble.directory, "roots": pebble.roots, **settings},
        secrets={} if key is None else {"eabKey": key},
    )


def test_a_server_gets_a_certificate_for_its_names(pebble: Pebble) -> None:
    notes = Notes()
    order = an_order(pebble, for_server("csms.example.com", "other.example.com"), contact="ops@example.com")
    with answering_challenges(pebble.http_port, notes):
        answered = follow(AcmeAuthority(notes), order)

    class Given:
        def obtain(self, assignment: Assignment) -> Answered | Waiting:
            return answered

    result = CheckedSigner(Given(), dict.fromkeys(Use, NOTHING), SystemClock()).sign(order)
    assert isinstance(result, Issued)
    assert len(result.chain) == 2


def test_two_steps_never_do_what_was_done_and_a_restart_of_this_system_goes_on(pebble: Pebble) -> None:
    """Every call is made by a new signer, as after a restart: only what was kept is known."""
    notes, orders = Notes(), set[str | None]()

    class Restarted:
        def obtain(self, assignment: Assignment) -> Answered | Waiting:
            result = AcmeAuthority(notes).obtain(assignment)
            if isinstance(result, Waiting):
                orders.add(result.progress)
            return result

    with answering_challenges(pebble.http_port, notes):
        follow(Restarted(), an_order(pebble))
    assert len(orders) == 1, "a second order was placed"
    assert len(notes.kept) == 1, "a second account was opened"


def test_a_restart_of_the_authority_that_forgets_everything_goes_on_with_a_new_order(tmp_path: Path) -> None:
    notes = Notes()
    with running_pebble(tmp_path / "pebble") as pebble, answering_challenges(pebble.http_port, notes):
        signer = AcmeAuthority(notes)
        placed, order = step(signer, an_order(pebble))
        assert isinstance(placed, Waiting)
        pebble.stop()
        with pytest.raises(SigningUnavailable, match="could not be reached"):
            step(signer, order)
        pebble.start()
        order = replace(order, authority=an_order(pebble).authority)
        for progress in (order.progress, f"{pebble.directory[:-4]}/my-order/nothing"):
            with pytest.raises(SigningUnavailable, match="order any more") as forgotten:
                step(signer, replace(order, progress=progress))
            assert (forgotten.value.begins_anew, forgotten.value.needs_person) == (True, False)
        follow(signer, replace(order, progress=None))


def test_an_account_that_is_known_from_elsewhere(tmp_path: Path) -> None:
    """External account binding (RFC 8555 §7.3.4)."""
    notes = Notes()
    with running_pebble(tmp_path / "pebble", needs_account=True) as pebble:
        with pytest.raises(SigningUnavailable, match="does not open an account") as unbound:
            step(AcmeAuthority(Notes()), an_order(pebble))
        assert unbound.value.needs_person
        wrong = an_order(pebble, eabKeyId=EAB_KEY_ID, eabKey="d3Jvbmcga2V5IHdyb25nIGtleSB3cm9uZyBrZXkh")
        with pytest.raises(SigningUnavailable, match="does not open an account") as refused:
            step(AcmeAuthority(Notes()), wrong)
        assert refused.value.needs_person
        assert "d3Jvbmcg" not in str(refused.value)
        with pytest.raises(SigningUnavailable, match="base64url"):
            step(AcmeAuthority(Notes()), an_order(pebble, eabKeyId=EAB_KEY_ID, eabKey="no base64 ⚡"))
        with answering_challenges(pebble.http_port, notes):
            follow(AcmeAuthority(notes), an_order(pebble, eabKeyId=EAB_KEY_ID, eabKey=EAB_KEY))


def test_a_name_that_the_authority_does_not_sign_for_is_refused_with_its_words(pebble: Pebble) -> None:
    with pytest.raises(SigningRefused, match="rejectedIdentifier"):
        step(AcmeAuthority(Notes()), an_order(pebble, for_server(BLOCKED)))


def test_a_name_that_is_not_this_systems_is_refused_with_the_reason(pebble: Pebble) -> None:
    class Forgetful(Notes):
        def put_challenge(self, token: str, answer: str) -> None:
            """Nothing is answered."""

    notes = Forgetful()
    with (
        answering_challenges(pebble.http_port, notes),
        pytest.raises(SigningRefused, match=r"'csms\.example\.com' to be this system's"),
    ):
        follow(AcmeAuthority(notes), an_order(pebble))


def test_nonces_that_are_not_taken_are_gone_through(tmp_path: Path) -> None:
    """RFC 8555 §6.5: a client should try again with the nonce of the refusal."""
    notes, refusals = Notes(), list[str]()

    class Patient:
        def __init__(self) -> None:
            self._signer = AcmeAuthority(notes)

        def obtain(self, assignment: Assignment) -> Answered | Waiting:
            try:
                return self._signer.obtain(assignment)
            except SigningUnavailable as error:
                refusals.append(str(error))
                return Waiting(assignment.progress, 0, "Refused.")

    with (
        running_pebble(tmp_path / "pebble", PEBBLE_WFE_NONCEREJECT="40") as pebble,
        answering_challenges(pebble.http_port, notes),
    ):
        follow(Patient(), an_order(pebble))
    assert all("badNonce" in refusal for refusal in refusals)


def test_a_host_that_is_not_trusted_is_told_nothing(pebble: Pebble) -> None:
    order = an_assignment(for_server(), kind="acme", settings={"directory": pebble.directory})
    with pytest.raises(SigningUnavailable, match=r"is not trusted: .*certificate") as untrusted:
        step(AcmeAuthority(Notes()), order)
    assert untrusted.value.needs_person


def test_an_account_that_was_deactivated_waits_for_an_operator(tmp_path: Path) -> None:
    """RFC 8555 §7.3.6: it will not pass by itself; a new account comes with what the account belongs to."""
    notes = Notes()
    with running_pebble(tmp_path / "pebble") as pebble, answering_challenges(pebble.http_port, notes):
        order = an_order(pebble)
        step(AcmeAuthority(notes), order)
        (pem,) = notes.kept.values()
        with HttpTalk(trusting(pebble.roots)) as talk:
            network = acme.client.ClientNetwork(JWKEC(key=load_pem_private_key(pem.encode(), None)), alg=ES256)
            network.session.close()
            network.session = talk.session
            client = acme.client.ClientV2(acme.client.ClientV2.get_directory(pebble.directory, network), network)
            wanted = messages.NewRegistration.from_data(terms_of_service_agreed=True)
            with pytest.raises(acme.errors.ConflictError) as known:
                client.new_account(wanted)
            account = messages.RegistrationResource(body=messages.Registration(), uri=known.value.location)
            network.account = account
            client.deactivate_registration(account)
        for _ in range(2):
            with pytest.raises(SigningUnavailable) as closed:
                step(AcmeAuthority(notes), order)
            assert closed.value.needs_person
        notes.kept.clear()
        follow(AcmeAuthority(notes), order)


def test_stations_are_not_for_acme() -> None:
    with pytest.raises(SigningRefused, match="host names only"):
        step(AcmeAuthority(Notes()), an_assignment(a_wanted(), kind="acme"))
