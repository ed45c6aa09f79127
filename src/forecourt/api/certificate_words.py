"""How certificates are named in addresses, and given as files."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Response
from litestar.params import PathParameter

from forecourt.pki.certificate import Certificate

PEM: Final = "application/x-pem-file"

Fingerprint = Annotated[
    str, PathParameter(description="SHA-256 of the certificate, in hexadecimal; colons may stand between the pairs.")
]
IssuerHash = Annotated[str, PathParameter(description="SHA-256 of the issuer's name in DER, in hexadecimal.")]
Serial = Annotated[str, PathParameter(description="The serial number, in hexadecimal.")]


def pem_file(certificate: Certificate, *issuers: Certificate) -> Response[str]:
    """With its issuers behind it, as a file that is named after its fingerprint."""
    headers = {"Content-Disposition": f'attachment; filename="{certificate.fingerprint}.pem"'}
    return Response("".join(one.pem for one in (certificate, *issuers)), media_type=PEM, headers=headers)
