"""Firmware images that are kept here: uploaded, signed, checked, downloaded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from litestar import Controller, Request, delete, get, patch, post, put
from litestar.di import NamedDependency, Provide
from litestar.exceptions import InternalServerException
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import JSONBody, PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream
from msgspec import UNSET, Meta, UnsetType

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.firmware_views import (
    CheckedFirmwareView,
    FirmwareImageView,
    show_checked,
    show_image,
)
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.problems import Refusal, bad_request
from forecourt.api.words import MAX_LONG, Search, Works
from forecourt.asgi.csv import csv_download
from forecourt.asgi.rows.firmware_images import IMAGE_COLUMNS, image_rows
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import not_found
from forecourt.domain.files.shelf import Shelf, TooLarge
from forecourt.domain.firmware.model import (
    MAX_NAME,
    MAX_NOTE,
    MAX_SIGNATURE,
    MAX_SIGNING_CERTIFICATE,
    MAX_WORDS,
    Checked,
    ImageFilter,
    ImageNumber,
    Signed,
    Words,
)
from forecourt.domain.services import Services
from forecourt.operations.firmware import keep_image, read_image, remove_image, sign_image
from forecourt.pki.signatures import Scheme

OCTETS: Final = "application/octet-stream"

Number = Annotated[int, PathParameter(description="The number of the image.")]
Chosen = NamedDependency[SkipValidation[ImageFilter]]
Wording = NamedDependency[SkipValidation[Words]]
OnShelf = NamedDependency[SkipValidation[Shelf]]
MaxFirmware = NamedDependency[SkipValidation[int]]

_NO_NUL: Final = "^[^\\x00]*$"
_Name = Annotated[str, Meta(max_length=MAX_NAME)]
_Word = Annotated[str, Meta(max_length=MAX_WORDS)]
_Text = Annotated[str, Meta(max_length=MAX_NOTE)]


class FirmwareImageChange(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What an image is to be known by; an absent field keeps its value."""

    name: Annotated[_Name | UnsetType, Meta(description="Its name, which no other image has.")] = UNSET
    vendor: Annotated[_Word | UnsetType | None, Meta(description="Whose stations it is for.")] = UNSET
    model: Annotated[_Word | UnsetType | None, Meta(description="The model that it is for.")] = UNSET
    version: Annotated[_Word | UnsetType | None, Meta(description="The version that it is.")] = UNSET
    note: Annotated[_Text | UnsetType | None, Meta(description="What else to write about it.")] = UNSET


class NewFirmwareSignature(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A signature that the maker made."""

    signature: Annotated[str, Meta(max_length=MAX_SIGNATURE, description="Over the whole file, in base64.")]
    signing_certificate: Annotated[
        str, Meta(max_length=MAX_SIGNING_CERTIFICATE, description="The certificate that it was made with, as PEM.")
    ]


class FirmwareSigning(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """With which key to sign, and how."""

    key: Annotated[str, Meta(description="The name of a firmware key that is kept here.")]
    scheme: Annotated[
        Scheme | None,
        Meta(description="Absent, RSASSA-PSS with SHA256 as OCPP asks for, or ECDSA with SHA256 for keys on curves."),
    ] = None


@dataclass
class UploadOperation(Operation):
    """Says what the framework cannot see: the body is read as it comes."""

    def __post_init__(self) -> None:
        file = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody(content={OCTETS: file}, required=True, description="The file.")


async def chosen_images(
    *,
    vendor: Annotated[str | None, QueryParameter(pattern=_NO_NUL, description="Only those of this vendor.")] = None,
    model: Annotated[str | None, QueryParameter(pattern=_NO_NUL, description="Only those for this model.")] = None,
    version: Annotated[str | None, QueryParameter(pattern=_NO_NUL, description="Only those of this version.")] = None,
    signed: Annotated[bool | None, QueryParameter(description="Only those with a signature, or without.")] = None,
    search: Search = None,
) -> ImageFilter:
    """Which images a request asks for."""
    return ImageFilter(vendor=vendor, model=model, version=version, is_signed=signed, search=search or None)


async def wording(
    *,
    name: Annotated[
        str,
        QueryParameter(max_length=MAX_NAME, pattern=_NO_NUL, description="Its name, which no other image has."),
    ],
    vendor: Annotated[
        str | None, QueryParameter(max_length=MAX_WORDS, pattern=_NO_NUL, description="Whose stations it is for.")
    ] = None,
    model: Annotated[
        str | None, QueryParameter(max_length=MAX_WORDS, pattern=_NO_NUL, description="The model that it is for.")
    ] = None,
    version: Annotated[
        str | None, QueryParameter(max_length=MAX_WORDS, pattern=_NO_NUL, description="The version that it is.")
    ] = None,
    note: Annotated[
        str | None, QueryParameter(max_length=MAX_NOTE, pattern=_NO_NUL, description="What else to write about it.")
    ] = None,
) -> Words:
    """What an image is to be known by."""
    return Words(name=name, vendor=vendor, model=model, version=version, note=note)


class FirmwareImages(Controller):
    path = "/firmware"
    tags = ("Firmware",)
    opt = access(view=Permission.VIEW, change=Permission.MANAGE)
    dependencies = {"chosen": Provide(chosen_images), "words": Provide(wording)}  # noqa: RUF012  # declared so by the framework

    @get("/images", summary="List firmware images", operation_id="listFirmwareImages")
    async def list_all(self, workspace: Works, page: Paging, chosen: Chosen) -> Listing[FirmwareImageView]:
        """Newest first. The search looks at the name, the vendor, the model, the version, the note and the SHA-256."""
        return listing(await workspace.read(lambda services: services.firmware_images.list(chosen, page)), show_image)

    @put(
        "/images",
        summary="Upload a firmware image",
        operation_id="putFirmwareImage",
        operation_class=UploadOperation,
        request_max_body_size=None,  # the shelf has a limit of its own
    )
    async def add(
        self,
        *,
        request: Request[Any, Any, Any],  # Any: as the framework hands it out
        words: Wording,
        workspace: Works,
        shelf: OnShelf,
        max_firmware_bytes: MaxFirmware,
        asked_by: AskedBy,
    ) -> CheckedFirmwareView:
        """The body is the file itself, sent as `application/octet-stream`; it is kept when all of it has come.
        The same file under the same name is the same image; another file under a name that is
        taken is refused."""
        _check_is_file(request, max_firmware_bytes)
        try:
            checked = await keep_image(
                workspace, shelf, _chunks(request), words, limit=max_firmware_bytes, asked_by=asked_by
            )
        except TooLarge as error:
            raise _too_large(max_firmware_bytes) from error
        return show_checked(checked)

    @get("/images.csv", summary="Download firmware images as CSV", operation_id="downloadFirmwareImages")
    async def download(self, workspace: Works, chosen: Chosen) -> Stream:
        """The list, not the files: all that match, newest first."""
        return await csv_download(
            workspace,
            lambda services, page: services.firmware_images.list(chosen, page),
            columns=IMAGE_COLUMNS,
            rows=image_rows,
            filename="firmware-images.csv",
        )

    @get("/images/{image:int}", summary="Show a firmware image", operation_id="getFirmwareImage")
    async def show(self, image: Number, workspace: Works) -> FirmwareImageView:
        number = _number(image)
        return show_image(await workspace.read(lambda services: services.firmware_images.get(number)))

    @patch("/images/{image:int}", summary="Describe a firmware image", operation_id="changeFirmwareImage")
    async def change(
        self, image: Number, data: JSONBody[FirmwareImageChange], workspace: Works, asked_by: AskedBy
    ) -> CheckedFirmwareView:
        """What people know it by; the file stays."""
        number = _number(image)

        def work(services: Services) -> Checked:
            known = services.firmware_images.get(number).words
            changes = {name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not UNSET}
            words = Words(**{name: changes.get(name, getattr(known, name)) for name in data.__struct_fields__})
            return services.firmware_images.describe(number, words, asked_by=asked_by)

        return show_checked(await workspace.write(work))

    @delete("/images/{image:int}", summary="Remove a firmware image", operation_id="removeFirmwareImage")
    async def remove(self, image: Number, workspace: Works, shelf: OnShelf, asked_by: AskedBy) -> None:
        """With its file. Refused while a job needs it."""
        await remove_image(workspace, shelf, _number(image), asked_by=asked_by)

    @get("/images/{image:int}/content", summary="Download a firmware image", operation_id="getFirmwareImageContent")
    async def content(self, image: Number, workspace: Works, shelf: OnShelf) -> Stream:
        """The file as it was uploaded."""
        number = _number(image)
        found = await workspace.read(lambda services: services.firmware_images.get(number))
        headers = {
            "Content-Disposition": f'attachment; filename="firmware-{number}.bin"',
            "Content-Length": str(found.file.size),
        }
        return Stream(await read_image(shelf, found), media_type=OCTETS, headers=headers)

    @put("/images/{image:int}/signature", summary="Give the maker's signature", operation_id="putFirmwareSignature")
    async def put_signature(
        self, image: Number, data: JSONBody[NewFirmwareSignature], workspace: Works, asked_by: AskedBy
    ) -> CheckedFirmwareView:
        """It is checked and kept, right or wrong; InstallFirmware asks once more before it sends a wrong one.
        RSASSA-PSS, RSA with PKCS#1 v1.5 and ECDSA are tried, with SHA-256, SHA-384 and SHA-512."""
        number = _number(image)
        signed = Signed(certificate=data.signing_certificate, signature=data.signature)
        return show_checked(
            await workspace.write(
                lambda services: services.firmware_images.put_signature(number, signed, asked_by=asked_by)
            )
        )

    @delete(
        "/images/{image:int}/signature",
        status_code=200,
        summary="Remove the signature of a firmware image",
        operation_id="removeFirmwareSignature",
    )
    async def remove_signature(self, image: Number, workspace: Works, asked_by: AskedBy) -> CheckedFirmwareView:
        """Jobs that were asked for already keep it."""
        number = _number(image)
        return show_checked(
            await workspace.write(lambda services: services.firmware_images.remove_signature(number, asked_by=asked_by))
        )

    @post(
        "/images/{image:int}/sign",
        status_code=200,
        summary="Sign a firmware image",
        operation_id="signFirmwareImage",
        opt=access(change=Permission.SECURITY),
    )
    async def sign(
        self, image: Number, data: JSONBody[FirmwareSigning], workspace: Works, asked_by: AskedBy
    ) -> CheckedFirmwareView:
        """With a firmware key that is kept here, in place of the signature that it has."""
        return show_checked(await sign_image(workspace, _number(image), data.key, data.scheme, asked_by=asked_by))

    @post(
        "/images/{image:int}/check",
        status_code=200,
        summary="Check a signature again",
        operation_id="checkFirmwareSignature",
    )
    async def check(self, image: Number, workspace: Works) -> CheckedFirmwareView:
        """Certificates expire and are revoked, and roots become trusted, after a signature was given."""
        number = _number(image)
        return show_checked(await workspace.write(lambda services: services.firmware_images.check(number)))


def _check_is_file(request: Request[Any, Any, Any], limit: int) -> None:
    """Raises Refusal 415 for a body of another kind, which a form of another site could send, and 413 for one that is
    said to be too large, before any of it is read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != OCTETS:
        sentence = f"The body must be the file itself: send it with the header 'Content-Type: {OCTETS}'."
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence)
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> Refusal:
    sentence = f"A firmware image has at most {limit:,} bytes; the setting files.max_firmware_bytes says so."
    return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)


async def _chunks(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except InternalServerException as error:  # as the framework calls a client that hangs up
        raise bad_request("The upload broke off before its end; nothing of it was kept.") from error


def _number(image: int) -> ImageNumber:
    if not 0 < image <= MAX_LONG:
        raise not_found(f"There is no firmware image {image}.")
    return ImageNumber(image)
