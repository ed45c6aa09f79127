"""Firmware images: the list, and one of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import MEDIA_TYPE as CSV
from forecourt.asgi.csv import csv_download
from forecourt.asgi.rows.firmware_images import IMAGE_COLUMNS, image_rows
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.firmware.model import (
    MAX_NAME,
    MAX_NOTE,
    MAX_SIGNATURE,
    MAX_SIGNING_CERTIFICATE,
    MAX_WORDS,
    Checked,
    FirmwareKey,
    Image,
    ImageFilter,
    ImageNumber,
    Signed,
    Words,
)
from forecourt.domain.services import Services
from forecourt.operations.firmware import read_image, remove_image, sign_image
from forecourt.pki.signatures import Scheme
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.pages.numbers import known_number
from forecourt.web.visit import Typed, Visit, Visiting

NAME_IN_HEADER: Final = "firmware-{}.bin"


class FirmwarePages(Controller):
    @get("/firmware", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = images_wanted(visit.query)
        page = await visit.read(lambda services: services.firmware_images.list(wanted, visit.page()))
        return visit.show("firmware/list.html", page=page)

    @get("/firmware.csv", permission=Permission.VIEW, media_type=CSV)
    async def download(self, visit: Visiting) -> Stream:
        wanted = images_wanted(visit.query)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.firmware_images.list(wanted, page),
            columns=IMAGE_COLUMNS,
            rows=image_rows,
            filename="firmware-images.csv",
        )

    @get("/firmware/{number:int}", permission=Permission.VIEW)
    async def show(self, number: FromPath[int], visit: Visiting) -> Response[str]:
        return await _show(visit, number)

    @get("/firmware/{number:int}/content", permission=Permission.VIEW)
    async def content(self, number: FromPath[int], visit: Visiting) -> Stream:
        image = _number(number)
        found = await visit.read(lambda services: services.firmware_images.get(image))
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(NAME_IN_HEADER.format(number), safe='')}",
            "Content-Length": str(found.file.size),
        }
        chunks = await read_image(visit.house.shelf, found)
        return Stream(chunks, media_type="application/octet-stream", headers=headers)


class FirmwareChanges(Controller):
    path = "/firmware/{number:int}"

    @post("/words", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def describe(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        image, words = _number(number), words_in(form)
        with form.refusals():
            if form.is_good:
                checked = await visit.write(
                    lambda services: services.firmware_images.describe(image, words, asked_by=visit.asked_by)
                )
                return visit.go(f"/firmware/{number}", told(_("The image is described anew."), checked))
        return await _show(visit, number, words=form)

    @post("/signature", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def put_signature(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        image = _number(number)
        signed = Signed(
            signature="".join(form.text("signature", most=MAX_SIGNATURE * 2, is_required=True).split()),
            certificate=form.text("signingCertificate", most=MAX_SIGNING_CERTIFICATE, is_required=True).replace(
                "\r\n", "\n"
            ),
        )
        with form.refusals():
            if form.is_good:
                checked = await visit.write(
                    lambda services: services.firmware_images.put_signature(image, signed, asked_by=visit.asked_by)
                )
                return visit.go(f"/firmware/{number}", told(_("The signature is kept."), checked))
        return await _show(visit, number, signature=form)

    @post("/signature/remove", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def remove_signature(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        image = _number(number)
        await visit.write(lambda services: services.firmware_images.remove_signature(image, asked_by=visit.asked_by))
        return visit.go(f"/firmware/{number}", _("The signature is removed. Jobs that were asked for already keep it."))

    @post("/sign", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def sign(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        key, scheme = form.text("key", is_required=True), form.choice("scheme", Scheme)
        image = _number(number)
        with form.refusals():
            if form.is_good:
                checked = await sign_image(visit.workspace, image, key, scheme, asked_by=visit.asked_by)
                return visit.go(f"/firmware/{number}", told(_("The image is signed."), checked))
        return await _show(visit, number, sign=form)

    @post("/check", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def check(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        image = _number(number)
        checked = await visit.write(lambda services: services.firmware_images.check(image))
        return visit.go(f"/firmware/{number}", told(_("The signature is checked again."), checked))

    @post("/remove", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def remove(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        image = _number(number)
        with form.refusals():
            await remove_image(visit.workspace, visit.house.shelf, image, asked_by=visit.asked_by)
            return visit.go("/firmware", _("The image is removed, with its file."))
        return await _show(visit, number, whole=form)


def images_wanted(query: Fields) -> ImageFilter:
    """The filter in an address."""
    return ImageFilter(
        vendor=query.maybe_text("vendor"),
        model=query.maybe_text("model"),
        version=query.maybe_text("version"),
        is_signed=query.yes_or_no("signed"),
        search=query.maybe_text("search"),
    )


def words_in(form: Fields) -> Words:
    return Words(
        name=form.text("name", most=MAX_NAME, is_required=True),
        vendor=form.maybe_text("vendor", most=MAX_WORDS),
        model=form.maybe_text("model", most=MAX_WORDS),
        version=form.maybe_text("version", most=MAX_WORDS),
        note=form.maybe_text("note", most=MAX_NOTE),
    )


def told(done: str, checked: Checked) -> str:
    return " ".join((done, *map(translated, checked.warnings)))


async def _show(visit: Visit, number: int, **forms: Fields) -> Response[str]:
    """The page of an image, with what was typed into one of its forms."""

    def look(services: Services) -> tuple[Image, list[FirmwareKey]]:
        keys = services.firmware_keys.all() if visit.may(Permission.SECURITY) else ()
        return services.firmware_images.get(_number(number)), list(keys)

    try:
        image, keys = await visit.read(look)
    except DomainError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        return visit.show(
            "operations/gone.html",
            status=HTTPStatus.NOT_FOUND,
            sentence=translated(error.said),
            path="/firmware",
            way=_("To the firmware"),
        )
    words = image.words
    stored = Fields.of(name=words.name, vendor=words.vendor, model=words.model, version=words.version, note=words.note)
    shown = {"words": stored, "signature": Fields(), "sign": Fields(), "whole": Fields()} | forms
    is_good = all(form.is_good for form in shown.values())
    return visit.show(
        "firmware/image.html",
        status=HTTPStatus.OK if is_good else HTTPStatus.UNPROCESSABLE_ENTITY,
        image=image,
        keys=keys,
        schemes=Scheme,
        forms=shown,
    )


def _number(number: int) -> ImageNumber:
    return ImageNumber(known_number(number, _("There is no firmware image %(number)s.") % {"number": number}))
