"""The certification tool's cases about roots at stations (security whitepaper M03, M04, M05): the messages exactly as
the tool wants them, and what an operator sees of them."""

from __future__ import annotations

import pytest

from tests.stories.octt.asking import carry_out, say
from tests.stories.octt.cases import case
from tests.support.authority import Authority
from tests.support.peer import Peer
from tests.support.rest import Json, Rest, RestRefused
from tests.support.root_hashes import named

ACCEPTS = {"status": "Accepted"}
NONE = {"status": "NotFound"}
ROOT = Authority.root("A root for stations")
RSA_ROOT = Authority.root("An RSA root for stations", key="RSA 2048 for stations")
CENTRAL, MAKERS = "CentralSystemRootCertificate", "ManufacturerRootCertificate"
ALGORITHMS = ["SHA256", "SHA384", "SHA512"]


def hashes(algorithm: str = "SHA256", root: Authority = ROOT) -> Json:
    return named(root.certificate.x509, algorithm=algorithm)


def reporting(*told: Json) -> Json:
    return {"status": "Accepted", "certificateHashData": list(told)} if told else NONE


def roots(rest: Rest, peer: Peer) -> list[Json]:
    found: list[Json] = rest.get(f"/stations/{peer.identity}/roots")["items"]
    return found


def shown(rest: Rest, peer: Peer) -> list[tuple[str, str, str | None]]:
    """Use, how it is known, and the name."""
    return [
        (one["use"], one["learned"], one["certificate"] and one["certificate"]["subject"]) for one in roots(rest, peer)
    ]


@pytest.mark.parametrize("use", [pytest.param(MAKERS, marks=case("075_1")), pytest.param(CENTRAL, marks=case("075_2"))])
def test_tc_075_csms_install_root(rest: Rest, peer: Peer, use: str) -> None:
    say(rest, peer, "InstallCertificate", {"certificateType": use, "certificate": ROOT.pem}, ACCEPTS)
    assert shown(rest, peer) == [(use, "installed", ROOT.certificate.subject)]
    say(rest, peer, "GetInstalledCertificateIds", {"certificateType": use}, reporting(hashes("SHA512")))
    assert shown(rest, peer) == [(use, "reported", ROOT.certificate.subject)]
    assert [(one["use"], one["how"]) for one in rest.held(peer.identity)] == [(use, "reported")]


@pytest.mark.parametrize("use", [pytest.param(MAKERS, marks=case("075_1")), pytest.param(CENTRAL, marks=case("075_2"))])
def test_tc_075_csms_install_root_by_tasks(rest: Rest, peer: Peer, use: str) -> None:
    """The same words on the wire, from a root in the store."""
    rest.trust(ROOT.pem, "serverChain", "firmwareSigning")
    carry_out(
        rest,
        peer,
        "InstallRootCertificate",
        {"use": use, "fingerprint": ROOT.certificate.fingerprint},
        sends=("InstallCertificate", {"certificateType": use, "certificate": ROOT.pem}),
        answer=ACCEPTS,
    )
    asked = ("GetInstalledCertificateIds", {"certificateType": use})
    carry_out(rest, peer, "ReadRootCertificates", {"use": use}, sends=asked, answer=reporting(hashes()))
    assert shown(rest, peer) == [(use, "reported", ROOT.certificate.subject)]


@case("076")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("root", [ROOT, RSA_ROOT], ids=["EC", "RSA"])
def test_tc_076_csms_delete_certificate(rest: Rest, peer: Peer, algorithm: str, root: Authority) -> None:
    use = {"certificateType": CENTRAL}
    say(rest, peer, "InstallCertificate", {**use, "certificate": root.pem}, ACCEPTS)
    reported = reporting(hashes(algorithm, root))
    told = say(rest, peer, "GetInstalledCertificateIds", use, reported)["response"]
    [before] = roots(rest, peer)
    assert before["certificate"]["fingerprint"] == root.certificate.fingerprint, "found by its hashes"
    [given] = told["certificateHashData"]
    errand = say(rest, peer, "DeleteCertificate", {"certificateHashData": given}, ACCEPTS, warnings=...)
    assert ["the last root" in one for one in errand["warnings"]] == [True], "warned of, and sent all the same"
    assert roots(rest, peer) == []
    say(rest, peer, "GetInstalledCertificateIds", use, NONE)
    assert rest.held(peer.identity) == []


@case("076")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_tc_076_csms_delete_certificate_by_tasks(rest: Rest, peer: Peer, algorithm: str) -> None:
    """M04.FR.07: whatever the station reported goes back to the letter, in whichever case it writes hexadecimal."""
    given = {name: value if name == "hashAlgorithm" else value.upper() for name, value in hashes(algorithm).items()}
    install = {"certificateType": CENTRAL, "certificate": ROOT.pem}
    parameters = {"use": CENTRAL, "certificate": ROOT.pem}
    carry_out(rest, peer, "InstallRootCertificate", parameters, sends=("InstallCertificate", install), answer=ACCEPTS)
    asked = ("GetInstalledCertificateIds", {"certificateType": CENTRAL})
    carry_out(rest, peer, "ReadRootCertificates", {"use": CENTRAL}, sends=asked, answer=reporting(given))
    [root] = roots(rest, peer)
    assert (root["certificate"]["subject"], root["serialNumber"]) == (ROOT.certificate.subject, given["serialNumber"])
    wanted = {"use": CENTRAL, "number": root["number"]}
    with pytest.raises(RestRefused) as refused:
        rest.ask(peer.identity, "DeleteRootCertificate", wanted)
    assert (refused.value.status, refused.value.problem["errors"][0]["field"]) == (409, "lastOne")
    carry_out(
        rest,
        peer,
        "DeleteRootCertificate",
        {**wanted, "lastOne": True},
        sends=("DeleteCertificate", {"certificateHashData": given}),
        answer=ACCEPTS,
        warnings=...,
    )
    assert roots(rest, peer) == []
    carry_out(rest, peer, "ReadRootCertificates", {"use": CENTRAL}, sends=asked, answer=NONE)


def test_roots_that_fit_nothing_known_are_shown_without_a_name(rest: Rest, peer: Peer) -> None:
    stranger = hashes("SHA384", Authority.root("A root of somebody else"))
    say(rest, peer, "GetInstalledCertificateIds", {"certificateType": CENTRAL}, reporting(stranger, hashes()))
    found = {one["serialNumber"]: one["certificate"] for one in roots(rest, peer)}
    assert found[stranger["serialNumber"]] is None
