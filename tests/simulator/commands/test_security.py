"""Certificates at a simulated station (security whitepaper A02, M03 to M05)."""

from __future__ import annotations

import pytest

from forecourt.dialects.v16.messages.certificate_signed import CertificateSignedRequest, CertificateSignedResponse
from forecourt.dialects.v16.messages.datatypes import CertificateHashData
from forecourt.dialects.v16.messages.delete_certificate import DeleteCertificateRequest, DeleteCertificateResponse
from forecourt.dialects.v16.messages.extended_trigger_message import (
    ExtendedMessageTrigger,
    ExtendedTriggerMessageRequest,
    ExtendedTriggerMessageResponse,
)
from forecourt.dialects.v16.messages.get_installed_certificate_ids import (
    GetInstalledCertificateIdsRequest,
    GetInstalledCertificateIdsResponse,
)
from forecourt.dialects.v16.messages.install_certificate import InstallCertificateRequest, InstallCertificateResponse
from tests.simulator.worlds import World, a_world, ask


def install(world: World, text: str) -> str:
    request = InstallCertificateRequest(certificate_type="CentralSystemRootCertificate", certificate=text)
    response = ask(world, request)
    assert isinstance(response, InstallCertificateResponse)
    return response.status


def test_certificates_are_taken_each_once_until_the_store_is_full() -> None:
    world = a_world()
    texts = [f"-----BEGIN CERTIFICATE-----\n{number}\n-----END CERTIFICATE-----" for number in range(9)]
    assert [install(world, text) for text in [texts[0], *texts]] == ["Accepted"] * 9 + ["Failed"]
    assert install(world, "hello") == "Rejected"


def test_certificates_are_not_found_by_their_hashes() -> None:
    world = a_world()
    request = GetInstalledCertificateIdsRequest(certificate_type="CentralSystemRootCertificate")
    assert ask(world, request) == GetInstalledCertificateIdsResponse(status="NotFound")
    hashes = CertificateHashData(
        hash_algorithm="SHA256", issuer_name_hash="00", issuer_key_hash="00", serial_number="1"
    )
    delete = DeleteCertificateRequest(certificate_hash_data=hashes)
    assert ask(world, delete) == DeleteCertificateResponse(status="NotFound")


def test_a_certificate_that_nobody_asked_for_is_rejected() -> None:
    request = CertificateSignedRequest(certificate_chain="-----BEGIN CERTIFICATE-----")
    assert ask(a_world(), request) == CertificateSignedResponse(status="Rejected")


@pytest.mark.parametrize(
    ("trigger", "sent"),
    [
        ("BootNotification", ["BootNotification"]),
        ("Heartbeat", ["Heartbeat"]),
        ("StatusNotification", ["StatusNotification"] * 3),
        ("MeterValues", ["MeterValues"] * 2),
        ("LogStatusNotification", ["LogStatusNotification"]),
        ("FirmwareStatusNotification", ["SignedFirmwareStatusNotification"]),
    ],
)
def test_every_extended_trigger_is_followed_by_its_message(trigger: ExtendedMessageTrigger, sent: list[str]) -> None:
    world = a_world()
    response = ask(world, ExtendedTriggerMessageRequest(requested_message=trigger))
    assert response == ExtendedTriggerMessageResponse(status="Accepted")
    assert world.sent()[: len(sent)] == sent


def test_a_station_without_a_key_cannot_ask_for_a_certificate() -> None:
    world = a_world()
    response = ask(world, ExtendedTriggerMessageRequest(requested_message="SignChargePointCertificate"))
    assert response == ExtendedTriggerMessageResponse(status="NotImplemented")
    assert world.sent() == []
