"""The certification tool's cases of signed firmware with files that are kept here: the station really fetches them,
over a line that breaks, and verifies what it fetched."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from tests.domain.firmware.making import Maker, signed_with
from tests.stories.moments import ago
from tests.stories.octt.asking import say
from tests.stories.octt.cases import case
from tests.stories.octt.fetching import fetch, is_trusted, is_verified, status_of
from tests.stories.octt.states import assert_boot_accepted
from tests.stories.octt.test_octt_jobs import ACCEPTS, assert_job, the_job
from tests.stories.octt.test_octt_security import events_of
from tests.support.peer import Peer
from tests.support.rest import Json, Rest, RestRefused
from tests.support.running import RunningSystem

SIZE = 3_000_000
BEFORE = ["Downloading", "DownloadPaused", "Downloading", "Downloaded"]


def a_maker(rest: Rest, kind: str = "EC P-256") -> Maker:
    """Whose root is trusted for firmware."""
    maker = Maker.new(kind, now=datetime.now(UTC))
    [outcome] = rest.trust(maker.root.pem, "firmwareSigning")
    assert outcome["outcome"] == "added"
    return maker


def an_image(rest: Rest, peer: Peer, content: bytes) -> Json:
    return rest.upload_firmware(content, name=f"{peer.identity}.bin", vendor="Maker", version="2.0.0")["image"]


def give_root(rest: Rest, peer: Peer, root: str) -> None:
    """The station gets the maker's root (M05)."""
    words = {"certificateType": "ManufacturerRootCertificate", "certificate": root}
    say(rest, peer, "InstallCertificate", words, ACCEPTS, warnings=...)


def install(rest: Rest, peer: Peer, image: Json, **more: Json) -> Json:
    """The firmware as the station is told of it; it accepts the certificate first (L01.FR.23)."""
    peer.answers("SignedUpdateFirmware", ACCEPTS)
    errand = rest.operate(peer.identity, "InstallFirmware", {"image": image["image"], **more})
    assert errand["state"] == "answered"
    action, words = peer.calls[-1]
    assert action == "SignedUpdateFirmware"
    job = the_job(rest, peer)["job"]
    assert (words["requestId"], job["image"], job["imageName"]) == (job["requestId"], image["image"], image["name"])
    token = words["firmware"]["location"].split("/")[-2]
    assert token not in str(errand)
    assert token not in str(the_job(rest, peer))
    firmware: Json = words["firmware"]
    return firmware


def report(peer: Peer, number: int, *statuses: str) -> None:
    for status in statuses:
        assert peer.signed_firmware_status(status, number) == {}


def job_of(rest: Rest, peer: Peer) -> Json:
    """What of the job is not looked at here."""
    job = the_job(rest, peer)["job"]
    names = ("stationId", "kind", "requestId", "operation", "errand", "location", "image", "imageName")
    return {name: job[name] for name in names}


def fetched(rest: Rest, peer: Peer, firmware: Json, content: bytes) -> int:
    """The station fetches all of it although the line breaks. The number of its job."""
    number: int = the_job(rest, peer)["job"]["requestId"]
    report(peer, number, "Downloading")
    got = fetch(firmware["location"], break_after=SIZE // 3)
    assert 0 < got.broken_after < SIZE, "the line did not break"
    report(peer, number, "DownloadPaused", "Downloading")
    assert got.content == content
    report(peer, number, "Downloaded")
    return number


def finished(rest: Rest, peer: Peer, number: int) -> None:
    """Verified, installed and restarted, in one of the orders that stations have."""
    installing = ["SignatureVerified", "Installing", "InstallRebooting"]
    report(peer, number, *installing)
    assert_boot_accepted(peer.boot(firmware_version="2.0.0"))
    assert peer.security_event("FirmwareUpdated", ago()) == {}
    assert peer.status(1, "Available", at=ago()) == {}
    report(peer, number, "Installed")
    statuses = [*BEFORE, *installing, "Installed"]
    assert_job(the_job(rest, peer), statuses, state="done", reason=None, **job_of(rest, peer))
    assert [one["type"] for one in events_of(rest, peer)] == ["FirmwareUpdated"]


@case("080")
@pytest.mark.parametrize(("kind", "scheme"), [("EC P-256", ""), ("RSA 2048", "pss"), ("RSA 2048", "pkcs1")])
def test_tc_080_csms_install_firmware_that_the_maker_signed(rest: Rest, peer: Peer, kind: str, scheme: str) -> None:
    maker, content = a_maker(rest, kind), os.urandom(SIZE)
    image = an_image(rest, peer, content)
    signed = signed_with(maker.signer, content, scheme)
    body = {"signature": signed.signature, "signingCertificate": signed.certificate}
    checked = rest.put(f"/firmware/images/{image['image']}/signature", body)
    assert (checked["warnings"], checked["image"]["signed"]["good"]) == ([], True)

    give_root(rest, peer, maker.root.pem)
    firmware = install(rest, peer, image)
    assert is_trusted(firmware, [maker.root.pem])
    number = fetched(rest, peer, firmware, content)
    assert is_verified(firmware, content)
    with pytest.raises(RestRefused) as refused:
        rest.delete(f"/firmware/images/{image['image']}")
    assert refused.value.status == 409

    finished(rest, peer, number)
    assert status_of(firmware["location"]) in (403, 404, 410)
    assert rest.download_firmware(image["image"]) == content
    rest.delete(f"/firmware/images/{image['image']}")


@case("080")
@pytest.mark.parametrize("family", ["rsa", "ecdsa"])
def test_tc_080_csms_install_firmware_that_was_signed_here(rest: Rest, peer: Peer, family: str) -> None:
    """With a key and a root that were made here, which the station is given before."""
    content = os.urandom(SIZE)
    image = an_image(rest, peer, content)
    name = f"key of {peer.identity}"
    rest.post("/firmware/keys", {"name": name, "make": {"commonName": "Our Firmware", "family": family}})
    checked = rest.post(f"/firmware/images/{image['image']}/sign", {"key": name})
    assert (checked["warnings"], checked["image"]["signed"]["signedBy"]) == ([], name)
    root = rest.text(f"/firmware/keys/{name}/root.pem")

    give_root(rest, peer, root)
    firmware = install(rest, peer, image)
    assert is_trusted(firmware, [root])
    number = fetched(rest, peer, firmware, content)
    assert is_verified(firmware, content)
    finished(rest, peer, number)


@case("081")
def test_tc_081_csms_the_signature_of_an_image_is_wrong(rest: Rest, peer: Peer) -> None:
    """It is found here, and sent all the same when an operator says so; the station finds it, too."""
    maker, content = a_maker(rest), os.urandom(SIZE)
    image = an_image(rest, peer, content)
    wrong = maker.signs(b"another file")
    body = {"signature": wrong.signature, "signingCertificate": wrong.certificate}
    checked = rest.put(f"/firmware/images/{image['image']}/signature", body)
    assert "A00.FR.706" in checked["warnings"][0]
    with pytest.raises(RestRefused) as refused:
        rest.operate(peer.identity, "InstallFirmware", {"image": image["image"]})
    assert (refused.value.status, refused.value.problem["errors"][0]["field"]) == (409, "despiteFailedCheck")
    assert rest.jobs(stationId=peer.identity) == []

    give_root(rest, peer, maker.root.pem)
    firmware = install(rest, peer, image, despiteFailedCheck=True)
    assert is_trusted(firmware, [maker.root.pem])
    number = fetched(rest, peer, firmware, content)
    assert not is_verified(firmware, content)
    report(peer, number, "InvalidSignature")
    assert peer.security_event("InvalidFirmwareSignature", ago()) == {}
    sheet = the_job(rest, peer)
    assert "InvalidSignature" in sheet["job"]["reason"]
    assert_job(
        sheet, [*BEFORE, "InvalidSignature"], state="failed", reason=sheet["job"]["reason"], **job_of(rest, peer)
    )


def test_no_token_of_a_download_is_in_any_log(system: RunningSystem, rest: Rest, peer: Peer) -> None:
    maker, content = a_maker(rest), os.urandom(SIZE)
    image = an_image(rest, peer, content)
    signed = maker.signs(content)
    body = {"signature": signed.signature, "signingCertificate": signed.certificate}
    rest.put(f"/firmware/images/{image['image']}/signature", body)
    firmware = install(rest, peer, image)
    fetched(rest, peer, firmware, content)
    token = firmware["location"].split("/")[-2]
    assert token.startswith("fct_")
    assert token not in system.log_text()
