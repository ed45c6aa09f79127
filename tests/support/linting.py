"""What pkilint, an independent linter of certificates, finds in what was issued."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path

from pkilint.bin import lint_crl, lint_ocsp_response, lint_pkix_cert, lint_pkix_signer_signee_cert_chain


def findings_in_certificate(der: bytes, directory: Path) -> str:
    """Of warnings and errors against RFC 5280; empty when there are none."""
    return _found(lint_pkix_cert.main, [_written(der, directory, "certificate")])


def findings_in_pair(issuer: bytes, subject: bytes, directory: Path) -> str:
    """The same of how a certificate fits the one of its issuer, its signature included; it cannot verify RSASSA-PSS."""
    files = [_written(issuer, directory, "issuer"), _written(subject, directory, "subject")]
    return _found(lint_pkix_signer_signee_cert_chain.main, files)


def findings_in_crl(der: bytes, directory: Path) -> str:
    return _found(lint_crl.main, ["-t", "CRL", "-p", "PKIX", _written(der, directory, "crl")])


def findings_in_ocsp(der: bytes, directory: Path) -> str:
    return _found(lint_ocsp_response.main, [_written(der, directory, "answer")])


def _written(der: bytes, directory: Path, name: str) -> str:
    path = directory / f"{name}.der"
    path.write_bytes(der)
    return str(path)


def _found(main: Callable[[list[str]], int], arguments: list[str]) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves the closing of files to the interpreter
        code = main(["lint", "-s", "NOTICE", *arguments])
    text = said.getvalue().strip()
    return text or ("" if code == 0 else f"pkilint ended with {code}")
