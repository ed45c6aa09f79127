"""How many certificates of stations one core issues, from the request to the certificate, beside bare signing.

By itself: ``python -m benchmarks.signing``.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from forecourt.pki.certificate import Certificate
from forecourt.pki.csr import check_csr, read_csr
from forecourt.pki.csr_making import make_csr
from forecourt.pki.drafts import PublicKey, draft
from forecourt.pki.issuing import hash_for, sign
from forecourt.pki.keys import KeyKind, PrivateKey, new_private_key
from forecourt.pki.lints import lint
from forecourt.pki.profiles import ISSUING_CA, ROOT_CA, STATION

KINDS: Final[tuple[KeyKind, ...]] = ("EC secp256r1", "EC secp384r1", "RSA 2048", "RSA 3072")
_OPERATOR: Final = "Forecourt Power"
_SERIAL: Final = "SN-0001"


@dataclass(frozen=True, slots=True)
class Bench:
    """A CA and a request, both with keys of one kind."""

    issuer: Certificate
    key: PrivateKey
    request: str
    now: datetime

    @classmethod
    def of(cls, kind: KeyKind) -> Bench:
        now = datetime.now(UTC).replace(microsecond=0)
        root_key, key, station_key = (new_private_key(kind) for _ in range(3))
        root = _ca(root_key, None, root_key, now)
        request = make_csr(station_key, common_name=_SERIAL, organisation=_OPERATOR).pem
        return cls(_ca(key, root, root_key, now), key, request, now)

    def issue(self) -> None:
        """All that the own authority does between the text of a request and the certificate."""
        csr = read_csr(self.request)
        check_csr(csr, common_name=_SERIAL, organisation=_OPERATOR)
        key = csr.public_key
        if not isinstance(key, PublicKey):
            raise TypeError("a request for a key that is not issued for")
        wanted = draft(
            STATION,
            key,
            common_name=_SERIAL,
            organisation=_OPERATOR,
            issuer=self.issuer,
            not_before=self.now,
            not_after=self.now + timedelta(days=365),
            crl_url="http://ca.example/issuing.crl",
            ocsp_url="http://ca.example/ocsp",
        )
        _ = sign(lint(wanted), self.key.for_signing).pem

    def sign_bare(self) -> None:
        """The least that any authority in Python does: the library takes name and key of a request and signs."""
        csr = x509.load_pem_x509_csr(self.request.encode())
        builder = x509.CertificateBuilder(self.issuer.x509.subject, csr.subject, csr.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(self.now).not_valid_after(self.now + timedelta(days=365))
        key = self.key.for_signing
        builder.sign(key, hash_for(key)).public_bytes(Encoding.PEM)


def _ca(key: PrivateKey, issuer: Certificate | None, issuer_key: PrivateKey, now: datetime) -> Certificate:
    wanted = draft(
        ROOT_CA if issuer is None else ISSUING_CA,
        key.for_signing.public_key(),
        common_name="Root" if issuer is None else "Issuing CA",
        organisation=_OPERATOR,
        issuer=issuer,
        not_before=now,
        not_after=now + timedelta(days=3_650),
    )
    return sign(lint(wanted), issuer_key.for_signing)


def print_signing(seconds: float, rounds: int) -> None:
    """The median of some rounds, both taking turns; ``seconds`` are for all kinds of keys together."""
    print("\ncertificates of stations: read, check, draft, lint, sign, verify; beside signing alone, on one core")
    print("signing alone proves no request, checks no name, writes no extension, and verifies nothing that it made")
    print(
        f"{'keys':<13} {'certificates/s':>15} {'CPU µs each':>12} {'signing alone µs':>17}   CPU against signing alone"
    )
    for kind in KINDS:
        bench = Bench.of(kind)
        each = seconds / len(KINDS) / rounds / 2
        whole, bare = [], []
        for _round in range(rounds):
            whole.append(_timed(bench.issue, each))
            bare.append(_timed(bench.sign_bare, each))
        rate = statistics.median(run[0] for run in whole)
        cpu, alone = (statistics.median(run[1] for run in runs) for runs in (whole, bare))
        print(f"{kind:<13} {rate:>15,.0f} {cpu:>12,.0f} {alone:>17,.0f}   {cpu / alone:.1f}×")


def _timed(work: Callable[[], None], seconds: float) -> tuple[float, float]:
    """How often in a second, and µs of CPU for each."""
    work()
    count, elapsed, begun, used = 0, 0.0, time.perf_counter(), time.process_time()
    while count == 0 or elapsed < seconds:
        work()
        count += 1
        elapsed = time.perf_counter() - begun
    return count / elapsed, (time.process_time() - used) / count * 1e6


if __name__ == "__main__":
    print_signing(8.0, 3)
