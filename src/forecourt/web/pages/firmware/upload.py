"""Taking a firmware image in."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post

from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import DomainError
from forecourt.domain.files.shelf import TooLarge
from forecourt.operations.firmware import keep_image
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.firmware.images import told, words_in
from forecourt.web.uploading import Upload
from forecourt.web.visit import Visit, Visiting
from forecourt.web.wording import size

FIELDS: Final = ("name", "vendor", "model", "version", "note", "file")


class FirmwareUpload(Controller):
    path = "/firmware/upload"

    @get(permission=Permission.MANAGE)
    async def form(self, visit: Visiting) -> Response[str]:
        return _show(visit, Fields())

    @post(permission=Permission.MANAGE, status_code=HTTPStatus.OK, request_max_body_size=None)
    async def take(self, visit: Visiting) -> Response[Any]:
        """The form's token is checked before the file is read, as everywhere; the shelf has a limit of its own."""
        upload = Upload(visit.request)
        fields = await upload.begin()
        form = Fields({name: fields.all(name) or [""] for name in FIELDS})
        limit = visit.house.max_firmware_bytes
        words = words_in(form)
        if not upload.has_file:
            form.refuse("file", _("Choose a file."))
        if form.is_good:
            try:
                checked = await keep_image(
                    visit.workspace, visit.house.shelf, upload.chunks(), words, limit=limit, asked_by=visit.asked_by
                )
            except TooLarge:
                most = size(limit)
                form.refuse("file", _("A firmware image has at most %(size)s; a setting says so.") % {"size": most})
            except DomainError as error:
                form.take(error)
            else:
                return visit.go(f"/firmware/{checked.image.number}", told(_("The image is kept."), checked))
        await upload.drain(limit)
        return _show(visit, form)


def _show(visit: Visit, form: Fields) -> Response[str]:
    return visit.show_form("firmware/upload.html", form, limit=visit.house.max_firmware_bytes)
