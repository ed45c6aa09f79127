"""A real OpenBao, in the long rounds: Vault's interface as it is, with the roles that our document gives."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from forecourt.clerk.signers.outside import CheckedSigner, Trusted
from forecourt.clerk.signers.vault import VaultAuthority
from forecourt.clock import SystemClock
from forecourt.domain.signing.model import Assignment, Issued, SigningRefused, SigningUnavailable, Use, Wanted
from forecourt.pki.certificate import Certificate
from tests.support.authority import OPERATOR
from tests.support.openbao import OpenBao, running_openbao
from tests.support.signings import a_wanted, an_assignment, for_server

DOCUMENT = Path(__file__).parents[3] / "docs" / "outside-authorities.md"
LONGEST_HOURS = 1000
"""For what the engine signs."""

pytestmark = pytest.mark.prove


@dataclass
class City:
    """An authority that is an OpenBao, with a root and an issuing CA, and a token that may sign and nothing else."""

    bao: OpenBao
    root: str
    token: str

    def asked(self, wanted: Wanted, role: str, **settings: str) -> Assignment:
        told = {"address": self.bao.address, "role": role, "roots": self.bao.tls_root + self.root, **settings}
        return an_assignment(wanted, kind="vault", settings=told, secrets={"token": self.token})

    def signed(self, wanted: Wanted, role: str = "stations", **settings: str) -> Issued:
        signer = CheckedSigner(VaultAuthority(), dict.fromkeys(Use, Trusted((), ())), SystemClock())
        result = signer.sign(self.asked(wanted, role, **settings))
        assert isinstance(result, Issued)
        return result


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with running_openbao(tmp_path_factory.mktemp("openbao")) as bao:
        for mount, hours in (("pki", LONGEST_HOURS), ("pki-root", 8760)):
            bao.write(f"sys/mounts/{mount}", {"type": "pki", "config": {"max_lease_ttl": f"{hours}h"}})
        of_root = {"common_name": "OpenBao root", "key_type": "ec", "ttl": "8760h"}
        root = bao.write("pki-root/root/generate/internal", of_root)["data"]["certificate"]
        of_issuing = {"common_name": "OpenBao issuing", "key_type": "ec"}
        csr = bao.write("pki/intermediate/generate/internal", of_issuing)["data"]["csr"]
        above = bao.write("pki-root/root/sign-intermediate", {"csr": csr, "ttl": "8000h"} | of_issuing)["data"]
        bao.write("pki/intermediate/set-signed", {"certificate": f"{above['certificate']}\n{root}"})
        for command in documented_roles():
            bao.run(*command)
        may = " ".join(f'path "pki/sign/{role}" {{ capabilities = ["update"] }}' for role in ("stations", "servers"))
        bao.write("sys/policies/acl/sign", {"policy": may})
        given = bao.write("auth/token/create", {"policies": ["sign"], "no_default_policy": True})
        token = given["auth"]["client_token"]
        yield City(bao, root, token)


def documented_roles() -> list[list[str]]:
    """The commands of the document, for the operator of the tests, without the name of the program."""
    text = DOCUMENT.read_text("utf-8").replace("\\\n", " ").replace("Example Power", OPERATOR)
    found = [shlex.split(line)[1:] for line in re.findall(r"^vault write pki/roles/.*$", text, re.MULTILINE)]
    assert [words[1] for words in found] == ["pki/roles/stations", "pki/roles/servers"]
    return found


def days_of(certificate: Certificate) -> float:
    return (certificate.not_after - certificate.not_before) / timedelta(days=1)


def test_a_station_gets_a_certificate_and_later_another_one(city: City) -> None:
    first, second = (city.signed(a_wanted(days=30)) for _ in range(2))
    leaf = first.chain[0]
    assert (leaf.common_names, leaf.organisations) == (("SN-1",), (OPERATOR,))
    assert days_of(leaf) == pytest.approx(30, abs=0.1)
    assert [one.common_names for one in first.chain[1:]] == [("OpenBao issuing",), ("OpenBao root",)]
    assert second.chain[0].serial != leaf.serial
    assert second.chain[1:] == first.chain[1:]


def test_a_server_gets_a_certificate_for_its_names_and_addresses(city: City) -> None:
    wanted = for_server("csms.example.com", "other.example.com", "192.0.2.1")
    assert city.signed(wanted, "servers").chain[0].common_names == ("csms.example.com",)


def test_what_the_role_does_not_let_through_is_refused_in_its_words(city: City) -> None:
    with pytest.raises(SigningRefused, match=r"csms\.example\.org not allowed by this role"):
        city.signed(for_server("csms.example.org"), "servers")


def test_what_the_role_makes_of_it_is_held_against_what_was_asked(city: City) -> None:
    """That of servers names no organization and no client."""
    with pytest.raises(SigningRefused, match=r"What the authority 'city' answered cannot be used"):
        city.signed(a_wanted(common_name="sn-1.example.com"), "servers")


def test_what_is_too_long_for_the_engine_is_signed_for_as_long_as_it_may(city: City) -> None:
    assert days_of(city.signed(a_wanted(days=300)).chain[0]) == pytest.approx(LONGEST_HOURS / 24, abs=0.1)


@pytest.mark.parametrize(
    ("setting", "value", "about"),
    [
        ("mount", "elsewhere", "permission denied|no handler"),
        ("namespace", "south", "namespace not found|permission denied"),
        ("role", "other", "permission denied"),
    ],
)
def test_what_is_set_wrong_waits_for_an_operator(city: City, setting: str, value: str, about: str) -> None:
    with pytest.raises(SigningUnavailable, match=about) as error:
        city.signed(a_wanted(), **{"role": "stations", setting: value})
    assert error.value.needs_person


def test_a_role_that_is_not_there_waits_for_an_operator(city: City) -> None:
    """As it is said to a token that may use any."""
    mighty = City(city.bao, city.root, city.bao.root_token)
    with pytest.raises(SigningUnavailable, match="has no role 'other'") as error:
        mighty.signed(a_wanted(), "other")
    assert error.value.needs_person


def test_a_token_that_is_not_taken_waits_for_an_operator_and_is_not_shown(city: City) -> None:
    other = City(city.bao, city.root, "s.wr0ngwr0ngwr0ngwr0ngwr0n")
    with pytest.raises(SigningUnavailable, match="does not let us ask") as error:
        other.signed(a_wanted())
    assert error.value.needs_person
    assert "wr0ng" not in str(error.value)


def test_one_that_is_sealed_or_stopped_is_asked_again_until_it_signs(city: City) -> None:
    wanted = a_wanted()

    def is_away(about: str) -> None:
        with pytest.raises(SigningUnavailable, match=about) as error:
            city.signed(wanted)
        assert not error.value.needs_person

    city.bao.seal()
    is_away("sealed")
    city.bao.unseal()
    city.signed(wanted)
    city.bao.stop()
    is_away("could not be reached")
    city.bao.start()
    is_away("sealed")
    city.bao.unseal()
    city.signed(wanted)
