"""Tests of what nothing of an outside authority gets past: whatever is not what was asked for is refused, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from forecourt.clerk.signers.outside import Answered, CheckedSigner, Trusted
from forecourt.domain.signing.model import (
    Assignment,
    Issued,
    SigningRefused,
    SigningUnavailable,
    Use,
    Waiting,
    Wanted,
)
from forecourt.pki.certificate import Certificate
from tests.support.authority import EXPIRED, FUTURE, LONG, OPERATOR, Authority
from tests.support.clock import FakeClock
from tests.support.signings import a_csr, a_wanted, an_assignment, answer, for_server, leaf_for

ROOT = Authority.root("Root")
MIDDLE = ROOT.sub("Middle")
CA = MIDDLE.sub("Issuing")
OTHER = Authority.root("Other root").sub("Other")
CLOCK = FakeClock(ROOT.now)


class Given:
    """An Outside that has one answer."""

    def __init__(self, result: Answered | Waiting) -> None:
        self._result = result

    def obtain(self, assignment: Assignment) -> Answered | Waiting:
        return self._result


def signed(
    answered: Answered | Waiting,
    wanted: Wanted,
    *,
    roots: str | None = ROOT.pem,
    anchors: Sequence[Certificate] = (),
    intermediates: Sequence[Certificate] = (),
) -> Issued | Waiting:
    settings = {} if roots is None else {"roots": roots}
    trusted = dict.fromkeys(Use, Trusted(tuple(anchors), tuple(intermediates)))
    signer = CheckedSigner(Given(answered), trusted, CLOCK)
    return signer.sign(an_assignment(wanted, settings=settings))


def test_what_was_asked_for_passes() -> None:
    wanted = a_wanted()
    chain = answer(CA, wanted)
    assert signed(Answered(chain), wanted) == Issued(chain)
    assert signed(Answered("".join(one.pem for one in chain)), wanted) == Issued(chain)


def test_the_store_of_trust_vouches_too_and_what_the_authority_was_known_by() -> None:
    wanted = a_wanted()
    chain = answer(CA, wanted)
    assert signed(Answered(chain), wanted, roots=None, anchors=[ROOT.certificate]) == Issued(chain)
    assert signed(Answered(chain, (ROOT.certificate,)), wanted, roots=None) == Issued(chain)


def test_a_chain_that_is_short_is_completed_with_what_is_known() -> None:
    """Whoever has the root only must find the way."""
    wanted = a_wanted()
    chain = answer(CA, wanted)
    result = signed(Answered(chain[:1]), wanted, intermediates=[CA.certificate, MIDDLE.certificate])
    assert result == Issued(chain)


def test_what_waits_is_handed_on() -> None:
    waits = Waiting("progress", 5, "It needs time.")
    assert signed(waits, a_wanted()) == waits


def test_the_organization_of_a_server_may_be_left_out_but_not_that_of_a_station() -> None:
    """Public authorities name none; A00.FR.509 asks it of stations' certificates that this system has signed."""
    server = for_server()
    chain = answer(CA, server)
    assert signed(Answered(chain), server) == Issued(chain)
    station = a_wanted(organisation=OPERATOR)
    with pytest.raises(SigningRefused, match=r"organization \(O\)"):
        signed(Answered((leaf_for(CA, station, organisation="Another"), *CA.presented)), station)


WANTED = a_wanted()
SERVER = for_server()
BAD: dict[str, tuple[Wanted, Callable[[], Answered], str]] = {
    "another key": (
        WANTED,
        lambda: Answered((leaf_for(CA, WANTED, csr=a_csr()), *CA.presented)),
        "another key",
    ),
    "another subject": (
        WANTED,
        lambda: Answered((leaf_for(CA, WANTED, common_name="SN-2"), *CA.presented)),
        '"SN-1", and has "SN-2"',
    ),
    "another host": (
        SERVER,
        lambda: Answered((leaf_for(CA, for_server("other.example.com"), csr=SERVER.csr), *CA.presented)),
        "CN",
    ),
    "one host more": (
        SERVER,
        lambda: Answered(
            (leaf_for(CA, for_server("csms.example.com", "evil.example.com"), csr=SERVER.csr), *CA.presented)
        ),
        "evil.example.com",
    ),
    "an incomplete chain": (WANTED, lambda: Answered((leaf_for(CA, WANTED),)), "no anchor"),
    "a chain with a gap": (
        WANTED,
        lambda: Answered((leaf_for(CA, WANTED), MIDDLE.certificate)),
        "which did not issue it",
    ),
    "a chain in another order": (
        WANTED,
        lambda: Answered((leaf_for(CA, WANTED), MIDDLE.certificate, CA.certificate)),
        "which did not issue it",
    ),
    "a chain upside down": (
        WANTED,
        lambda: Answered((*reversed(CA.presented), leaf_for(CA, WANTED))),
        "does not begin with",
    ),
    "an unknown authority": (WANTED, lambda: Answered(answer(OTHER, WANTED)), "no anchor"),
    "what has expired": (
        WANTED,
        lambda: Answered((leaf_for(CA, WANTED, validity=EXPIRED), *CA.presented)),
        "expired",
    ),
    "what is not valid yet": (
        WANTED,
        lambda: Answered((leaf_for(CA, WANTED, validity=FUTURE), *CA.presented)),
        "not valid before",
    ),
    "a CA": (
        WANTED,
        lambda: Answered((ROOT.sub("SN-1").certificate,)),
        "another key",
    ),
    "nothing": (WANTED, lambda: Answered(()), "without a certificate"),
    "an empty text": (WANTED, lambda: Answered(""), "cannot be read"),
    "a page": (WANTED, lambda: Answered("<html><body>Sign in</body></html>"), "cannot be read"),
    "broken PEM": (
        WANTED,
        lambda: Answered("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
        "cannot be read",
    ),
    "too many": (
        WANTED,
        lambda: Answered((leaf_for(CA, WANTED), *[CA.certificate] * 20)),
        "20|21|most",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_something_else_is_refused_and_named(name: str) -> None:
    wanted, make, about = BAD[name]
    with pytest.raises(SigningRefused, match=about) as refused:
        signed(make(), wanted)
    assert str(refused.value).startswith("What the authority 'city' answered cannot be used.")


def test_a_certificate_longer_than_its_authority_is_not_made_longer_by_that() -> None:
    wanted = a_wanted()
    short = ROOT.sub("Short", validity=EXPIRED)
    with pytest.raises(SigningRefused, match="no anchor"):
        signed(Answered((leaf_for(short, wanted, validity=LONG), *short.presented)), wanted)


def test_roots_that_cannot_be_read_are_told_of() -> None:
    wanted = a_wanted()
    with pytest.raises(SigningUnavailable, match="roots of this authority") as error:
        signed(Answered(answer(CA, wanted)), wanted, roots="nothing")
    assert error.value.needs_person
