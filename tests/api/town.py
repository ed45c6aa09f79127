"""The own authority, and the door at which it publishes."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from forecourt.api.pki import OCSP_REQUEST, OCSP_RESPONSE
from forecourt.domain.access.permissions import EVERYTHING
from forecourt.domain.authorities.model import KeyFamily, OwnCertificate, OwnPolicy, Rank
from forecourt.pki.certificate import Certificate
from tests.api.door import Door, House
from tests.support.own_house import BASE, OwnHouse
from tests.support.workspace import MemoryWorkspace

PEER = "192.0.2.1"


class Town:
    """The own authority, and the door at which it publishes; on time, because openssl looks at the clock."""

    def __init__(self, house: House, families: frozenset[KeyFamily] = frozenset({KeyFamily.ECDSA})) -> None:
        self.door = Door(house)
        self.door.clock._now = datetime.now(UTC)
        self.door.clock._monotonic += 10_000 * house.doors  # the responder is one for all tests
        self.door.workspace = MemoryWorkspace(clock=self.door.clock)
        self.door.services.access.set_admin_password("correct horse")
        _, self.door.token = self.door.services.access.create_token("tests", scopes=EVERYTHING)
        self.own = OwnHouse(
            workspace=self.door.workspace, clock=self.door.clock, policy=OwnPolicy(families=families), base=BASE
        ).created()
        [family] = families
        self.issuing = self.own.has(Rank.ISSUING, family=family)
        self.root = self.own.has(Rank.ROOT, family=family)

    def fetch(self, path: str, **more: object) -> httpx.Response:
        return self.door.run(self._fetch("GET", path, PEER, **more))

    def look(self, path: str, **more: object) -> httpx.Response:
        """As `fetch`, without the content."""
        return self.door.run(self._fetch("HEAD", path, PEER, **more))

    def ask(
        self,
        request: bytes,
        issuer: OwnCertificate | None = None,
        kind: str = OCSP_REQUEST,
        *,
        peer: str = PEER,
    ) -> httpx.Response:
        path = f"/pki/ocsp/{(issuer or self.issuing).address}"
        return self.door.run(self._fetch("POST", path, peer, content=request, headers={"Content-Type": kind}))

    async def _fetch(self, method: str, path: str, peer: str, **more: object) -> httpx.Response:
        app = self.door.app
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(peer, 5))  # type: ignore[arg-type]  # spelt otherwise
        async with httpx.AsyncClient(transport=transport, base_url="http://ca.example") as client:
            return await client.request(method, path, **more)  # type: ignore[arg-type]  # passed on


def request_for(
    certificate: Certificate, issuer: Certificate, *, nonce: bytes | None = None, sha256: bool = False
) -> bytes:
    builder = ocsp.OCSPRequestBuilder()
    builder = builder.add_certificate(certificate.x509, issuer.x509, hashes.SHA256() if sha256 else hashes.SHA1())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def status(response: httpx.Response) -> ocsp.OCSPCertStatus:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == OCSP_RESPONSE
    return ocsp.load_der_ocsp_response(response.content).certificate_status


def refusal(response: httpx.Response) -> ocsp.OCSPResponseStatus:
    assert response.status_code == 200
    return ocsp.load_der_ocsp_response(response.content).response_status
