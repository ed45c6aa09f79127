"""The certificates that are known here, found by the hashes with which stations name them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from forecourt.domain.roots.model import StationRoot
from forecourt.domain.roots.paths import authority_of, is_self_signed
from forecourt.domain.trust.held import is_named
from forecourt.domain.trust.naming import bare_serial
from forecourt.pki.certificate import Certificate
from forecourt.pki.chain import is_issued_by
from forecourt.pki.hash_data import HashData, matches


class Library:
    """Prepared for many questions: a report of a station is compared with the few that have the same numbers."""

    def __init__(self, certificates: Iterable[Certificate], below: Library | None = None) -> None:
        """With those of another one ``below``, which come later."""
        self._below = below
        self._by_serial: dict[str, list[Certificate]] = defaultdict(list)
        self._by_subject: dict[str, list[Certificate]] = defaultdict(list)
        for one in certificates:
            self._by_serial[one.serial].append(one)
            self._by_subject[one.subject_hash].append(one)

    def named_by(self, named: HashData) -> Certificate | None:
        """The one that these hashes name."""
        found = self._with_serial(bare_serial(named.serial))
        return next((one for one in found if self.fits(one, named)), None)

    def fits(self, certificate: Certificate, named: HashData) -> bool:
        """Whether these hashes name it, be they made with whichever algorithm."""
        if certificate.serial != bare_serial(named.serial):
            return False  # for most it ends here, without a hash
        issuer = self.issuer_of(certificate)
        if issuer is None:  # without whom one of the hashes cannot be made; the others name it alone
            name = named.issuer_name_hash.strip()
            return is_named(certificate, issuer_name_hash=name, algorithm=named.algorithm, serial=named.serial)
        return matches(certificate, issuer, named)

    def issuer_of(self, certificate: Certificate) -> Certificate | None:
        """The one that signed it: itself, where it did."""
        if is_self_signed(certificate):
            return certificate
        return next((one for one in self._named(certificate.issuer_hash) if is_issued_by(certificate, one)), None)

    def forms_of(self, certificate: Certificate) -> Sequence[Certificate]:
        """All certificates of its name and key: itself, and those that others signed for it."""
        authority = authority_of(certificate)
        found = (one for one in self._named(certificate.subject_hash) if authority_of(one) == authority)
        return list(dict.fromkeys([certificate, *found]))

    def _with_serial(self, serial: str) -> Iterator[Certificate]:
        yield from self._by_serial.get(serial, ())
        if self._below is not None:
            yield from self._below._with_serial(serial)  # noqa: SLF001  # of the same class

    def _named(self, subject_hash: str) -> Iterator[Certificate]:
        yield from self._by_subject.get(subject_hash, ())
        if self._below is not None:
            yield from self._below._named(subject_hash)  # noqa: SLF001  # of the same class


def words_of(named: HashData) -> tuple[str, str, str, str]:
    """The same for hashes that say the same: they are so in either case (security whitepaper §6.1)."""
    return (
        named.algorithm,
        named.issuer_name_hash.lower(),
        named.issuer_key_hash.lower(),
        bare_serial(named.serial),
    )


def matching(roots: Sequence[StationRoot], named: HashData, here: Library) -> list[StationRoot]:
    """Those of a station that hashes name, be it with another algorithm."""
    words = words_of(named)
    library = Library((one.certificate for one in roots if one.certificate is not None), here)
    return [
        one
        for one in roots
        if words_of(one.named) == words or (one.certificate is not None and library.fits(one.certificate, named))
    ]
