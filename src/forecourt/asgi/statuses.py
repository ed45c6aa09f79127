"""What a refusal of the business is called in HTTP, for scripts and for people."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from forecourt.domain.errors import Kind

STATUS_BY_KIND: Final[Mapping[Kind, HTTPStatus]] = {
    Kind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Kind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Kind.CONFLICT: HTTPStatus.CONFLICT,
    Kind.REFUSED: HTTPStatus.FORBIDDEN,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
