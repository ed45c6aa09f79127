"""Keys that firmware is signed with here."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.certificate_words import PEM
from forecourt.api.firmware_views import FirmwareKeyView, show_key
from forecourt.api.paging import Listing, Paging, listing, part_of
from forecourt.api.problems import Fault, bad_request
from forecourt.api.words import Works
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.errors import not_found
from forecourt.domain.firmware.making import MAX_DAYS, SIGNER_DAYS, KeyWish
from forecourt.domain.firmware.model import MAX_NAME
from forecourt.operations.firmware import create_key, import_key
from forecourt.pki.keys import MAX_KEY, MAX_PASSWORD

Name = Annotated[str, PathParameter(description="The name that an operator gave.")]

_SECRET: Final = {"writeOnly": True, "format": "password"}
_MAX_CHAIN: Final = 20_000


class FirmwareKeyWish(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A key that is to be made here, with a certificate and a root."""

    common_name: Annotated[
        str,
        Meta(min_length=1, max_length=59, description="The common name (CN) of the certificate, such as the maker's."),
    ]
    organisation: Annotated[
        Annotated[str, Meta(min_length=1, max_length=64)] | None, Meta(description="Its organization (O).")
    ] = None
    family: Annotated[KeyFamily, Meta(description="The kind of the key; stations in the field know RSA.")] = (
        KeyFamily.RSA
    )
    days: Annotated[int, Meta(ge=1, le=MAX_DAYS, description="How long the certificate is valid.")] = SIGNER_DAYS
    root: Annotated[
        str | None,
        Meta(
            description="The name of a key that was made here, whose root is to issue this one; absent for a new root."
        ),
    ] = None


class NewFirmwareKey(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A key to sign firmware with: either the maker's own, or one to be made. It is kept sealed, and never shown."""

    name: Annotated[str, Meta(max_length=MAX_NAME, description="A name for it.")]
    make: Annotated[FirmwareKeyWish | None, Meta(description="What to make; absent for a key that is given.")] = None
    certificate: Annotated[
        Annotated[str, Meta(max_length=_MAX_CHAIN)] | None,
        Meta(description="The signer's certificate as PEM, and after it its root, if it is to be kept with it."),
    ] = None
    private_key: Annotated[
        Annotated[str, Meta(max_length=MAX_KEY)] | None,
        Meta(description="The private key as PEM.", extra_json_schema=_SECRET),
    ] = None
    password: Annotated[
        Annotated[str, Meta(max_length=MAX_PASSWORD)] | None,
        Meta(description="What the private key is encrypted with, if it is.", extra_json_schema=_SECRET),
    ] = None

    def __repr__(self) -> str:
        return "NewFirmwareKey(…)"


class FirmwareKeys(Controller):
    path = "/firmware/keys"
    tags = ("Firmware",)
    opt = access(view=Permission.VIEW, change=Permission.SECURITY)

    @get(summary="List firmware keys", operation_id="listFirmwareKeys")
    async def list_all(self, workspace: Works, page: Paging) -> Listing[FirmwareKeyView]:
        """Ordered by name."""
        found = await workspace.read(lambda services: services.firmware_keys.all())
        return listing(part_of(found, page), show_key)

    @post(summary="Add a firmware key", operation_id="addFirmwareKey")
    async def add(self, data: JSONBody[NewFirmwareKey], workspace: Works, asked_by: AskedBy) -> FirmwareKeyView:
        """One that is made here comes with a root, which is trusted for firmwareSigning at once; stations need it as
        ManufacturerRootCertificate before they accept what the key signs."""
        if data.make is not None:
            _check_is_absent(data)
            wish = data.make
            key = await create_key(
                workspace,
                data.name,
                KeyWish(
                    common_name=wish.common_name, organisation=wish.organisation, family=wish.family, days=wish.days
                ),
                root=wish.root,
                asked_by=asked_by,
            )
            return show_key(key)
        if data.certificate is None or data.private_key is None:
            missing = "certificate" if data.certificate is None else "privateKey"
            reason = "Give both the certificate and the private key, or say what to make."
            raise bad_request("The key cannot be used as it is.", Fault(missing, reason))
        key = await import_key(
            workspace,
            data.name,
            certificate=data.certificate,
            private_key=data.private_key,
            password=data.password,
            asked_by=asked_by,
        )
        return show_key(key)

    @get("/{name:str}", summary="Show a firmware key", operation_id="getFirmwareKey")
    async def show(self, name: Name, workspace: Works) -> FirmwareKeyView:
        """Without the key itself, which is never shown."""
        wanted = from_path(name)
        return show_key(await workspace.read(lambda services: services.firmware_keys.get(wanted)))

    @get("/{name:str}/certificate.pem", summary="Download a signing certificate", operation_id="getFirmwareCertificate")
    async def certificate(self, name: Name, workspace: Works) -> Response[str]:
        """What is sent to stations with a signature of this key."""
        wanted = from_path(name)
        found = await workspace.read(lambda services: services.firmware_keys.get(wanted))
        return Response(found.certificate.pem, media_type=PEM)

    @get("/{name:str}/root.pem", summary="Download a manufacturer root", operation_id="getFirmwareRoot")
    async def root(self, name: Name, workspace: Works) -> Response[str]:
        """For InstallCertificate with ManufacturerRootCertificate."""
        wanted = from_path(name)
        found = await workspace.read(lambda services: services.firmware_keys.get(wanted))
        if found.root is None:
            raise not_found(f"The root of the firmware key {wanted!r} was not given with it; ask its maker for it.")
        return Response(found.root.pem, media_type=PEM)

    @delete("/{name:str}", summary="Remove a firmware key", operation_id="removeFirmwareKey")
    async def remove(self, name: Name, workspace: Works, asked_by: AskedBy) -> None:
        """With the key of its root, if that was made here. What it signed stays signed, and its root trusted."""
        wanted = from_path(name)
        await workspace.write(lambda services: services.firmware_keys.remove(wanted, asked_by=asked_by))


def _check_is_absent(data: NewFirmwareKey) -> None:
    given = [
        name
        for name, value in (
            ("certificate", data.certificate),
            ("privateKey", data.private_key),
            ("password", data.password),
        )
        if value is not None
    ]
    if given:
        reason = "A key that is made here needs none; give either this or `make`."
        raise bad_request("The key cannot be used as it is.", *(Fault(name, reason) for name in given))
