"""A station on a real socket takes certificates and uses them at its next connection (A02, M04, M05)."""

from __future__ import annotations

import asyncio

from tests.simulator.authority import Authority, pem, the_root
from tests.simulator.central_system import until
from tests.simulator.sites import a_site, come_on_line, secure


def test_a_new_certificate_is_shown_at_the_next_connection() -> None:
    """A02: trigger, request, delivery, reconnection."""

    async def story() -> None:
        async with secure() as system, a_site(system.url, profile=3):
            await come_on_line(system)
            await system.ask_and_wait(
                "SIM-1", "ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"}
            )
            await until(lambda: "SignCertificate" in system.actions())
            [request] = system.payloads("SignCertificate")
            chain = the_root().answer(request["csr"])
            reply = await system.ask_and_wait("SIM-1", "CertificateSigned", {"certificateChain": chain})
            assert reply[2] == {"status": "Accepted"}
            await until(lambda: system.connections == 2)
            first, second = (knock.certificate for knock in system.knocks)
            assert first != second

    asyncio.run(story())


def test_the_root_of_the_connection_is_known_and_kept() -> None:
    """M04.FR.06, on a real handshake."""

    async def story() -> None:
        async with secure() as system, a_site(system.url, profile=2) as site:
            site.station.security.certificates.put("CentralSystemRootCertificate", [Authority("Other").certificate])
            await come_on_line(system)
            words = {"certificateType": "CentralSystemRootCertificate"}
            reply = await system.ask_and_wait("SIM-1", "GetInstalledCertificateIds", words)
            statuses = []
            for named in reply[2]["certificateHashData"]:
                deleted = await system.ask_and_wait("SIM-1", "DeleteCertificate", {"certificateHashData": named})
                statuses.append(deleted[2]["status"])
            assert statuses == ["Failed", "Accepted"]

    asyncio.run(story())


def test_a_station_goes_back_to_the_root_before_when_the_new_one_does_not_work() -> None:
    """M05.FR.13: with AdditionalRootCertificateCheck the old root is the fallback."""

    async def story() -> None:
        async with secure() as system, a_site(system.url, profile=2) as site:
            site.station.configuration.put("AdditionalRootCertificateCheck", "true")
            await come_on_line(system)
            signed = the_root().signs_also(Authority("New"))
            text = {"certificateType": "CentralSystemRootCertificate", "certificate": pem(signed)}
            reply = await system.ask_and_wait("SIM-1", "InstallCertificate", text)
            assert reply[2] == {"status": "Accepted"}
            system.drop_all()
            await until(lambda: system.connections == 2)
            assert site.logged.count("InvalidCentralSystemCertificate") == 1
            assert site.station.security.certificates.in_use == the_root().certificate

    asyncio.run(story())
