"""Certificates as files: as they are downloaded, and as somebody brings them."""

from __future__ import annotations

from typing import Final

from litestar import Response

from forecourt.pki.certificate import Certificate
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _

PEM: Final = "application/x-pem-file"
DER: Final = "application/pkix-cert"


def pem_file(certificate: Certificate, *issuers: Certificate) -> Response[str]:
    """With its issuers behind it, as a file that is named after its fingerprint."""
    text = "".join(one.pem for one in (certificate, *issuers))
    return Response(text, media_type=PEM, headers=_named(f"{certificate.fingerprint}.pem"))


def der_file(certificate: Certificate) -> Response[bytes]:
    return Response(certificate.der, media_type=DER, headers=_named(f"{certificate.fingerprint}.cer"))


async def brought(form: Fields, *, typed: str, chosen: str, most: int) -> bytes | str:
    """What stands in a field, or else in the file that was chosen; notes a mistake when there is neither, or both."""
    text, file = form.text(typed, most=most), form.file(chosen)
    if file is None:
        if not text:
            form.refuse(typed, _("Paste it here, or choose a file below."))
        return text
    if text:
        form.refuse(chosen, _("Give one of the two: the text above, or a file."))
        return text
    content: bytes = await file.read(most + 1)
    if len(content) > most:
        form.refuse(chosen, _("The file is too large; at most %(most)s bytes are read.") % {"most": most})
    elif not content:
        form.refuse(chosen, _("The file is empty."))
    return content


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
