"""A station of other people's code that keeps roots, lets them change over OCPP, and checks the central system's
certificate with what it has."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from ocpp.v16 import call_result

from tests.stories.security.world import SERVER_NAME
from tests.support.peer import Json, Peer
from tests.support.root_hashes import named

CENTRAL = "CentralSystemRootCertificate"


class Roots:
    """What the station has; it outlives connections and loss of power."""

    def __init__(self, *roots: x509.Certificate, algorithm: str = "SHA256", checks: bool = False) -> None:
        """``checks`` is AdditionalRootCertificateCheck (M05.FR.08–13)."""
        self.now = list(roots)
        self._seen = list(roots)
        self._algorithm = algorithm
        self.checks = checks
        self.asked: list[str] = []
        """The actions, in order."""

    def context(self) -> ssl.SSLContext:
        """TLS as the station would do it now. A cross-signed root is an end of the path, too."""
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        found.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        found.load_verify_locations(cadata="".join(one.public_bytes(Encoding.PEM).decode() for one in self.now))
        return found

    def connected(self) -> None:
        """The connection came about. A station that checks drops its fallback after the first one with what is new
        (M05.FR.12), which here is the last root that it took."""
        if self.checks and len(self.now) > 1:
            self.now = self.now[-1:]

    def install(self, pem: str) -> str:
        root = x509.load_pem_x509_certificate(pem.encode())
        if self.checks:
            try:
                root.verify_directly_issued_by(self.now[0])
            except ValueError:
                return "Rejected"
        self.now.append(root)
        self._seen.append(root)
        return "Accepted"

    def told(self) -> Sequence[Json]:
        return [self._named(one) for one in self.now]

    def delete(self, hashes: Json) -> str:
        """M04.FR.02, 04: by what it reported, with the algorithm of the report."""
        for one in self.now:
            if self._named(one) == hashes:
                self.now.remove(one)
                return "Accepted"
        return "NotFound"

    def _named(self, root: x509.Certificate) -> Json:
        issuer = next(one for one in self._seen if one.subject == root.issuer)
        return named(root, issuer, self._algorithm)


class Keeper(Peer):
    """One connection of such a station, of security profile 2."""

    def __init__(self, url: str, identity: str, password: bytes, roots: Roots) -> None:
        super().__init__(url, identity, password=password, tls=roots.context(), name=SERVER_NAME)
        self._roots = roots
        for action in ("InstallCertificate", "GetInstalledCertificateIds", "DeleteCertificate", "GetConfiguration"):
            self.answers(action)

    def _answerer(self, action: str) -> Callable[..., object]:
        def install(certificate_type: str, certificate: str) -> object:
            return call_result.InstallCertificate(status=self._did(action, self._roots.install(certificate)))

        def tell(certificate_type: str) -> object:
            self._did(action, "")
            if certificate_type != CENTRAL or not self._roots.now:
                return call_result.GetInstalledCertificateIds(status="NotFound")
            told = [_snake(one) for one in self._roots.told()]
            return call_result.GetInstalledCertificateIds(status="Accepted", certificate_hash_data=told)

        def delete(certificate_hash_data: Json) -> object:
            hashes = {_CAMEL[name]: value for name, value in certificate_hash_data.items()}
            return call_result.DeleteCertificate(status=self._did(action, self._roots.delete(hashes)))

        def configuration(**_words: Json) -> object:
            value = "true" if self._roots.checks else "false"
            setting = {"key": "AdditionalRootCertificateCheck", "readonly": True, "value": value}
            return call_result.GetConfiguration(configuration_key=[setting])

        answers: dict[str, Callable[..., object]] = {
            "InstallCertificate": install,
            "GetInstalledCertificateIds": tell,
            "DeleteCertificate": delete,
            "GetConfiguration": configuration,
        }
        return answers[action]

    def _did(self, action: str, status: str) -> str:
        self._roots.asked.append(action)
        return status


_CAMEL = {
    "hash_algorithm": "hashAlgorithm",
    "issuer_name_hash": "issuerNameHash",
    "issuer_key_hash": "issuerKeyHash",
    "serial_number": "serialNumber",
}


def _snake(hashes: Json) -> Json:
    return {name: hashes[wire] for name, wire in _CAMEL.items()}
