"""Authorize: may this token charge? (OCPP 1.6 §4.1)"""

from __future__ import annotations

from forecourt.dialect import answers
from forecourt.dialects.v16.messages.authorize import AUTHORIZE, AuthorizeRequest, AuthorizeResponse
from forecourt.dialects.v16.translate import to_id_tag_info
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@answers(AUTHORIZE)
def authorize(request: AuthorizeRequest, station: Station, services: Services) -> AuthorizeResponse:
    verdict = services.authorization.authorize(station, request.id_tag)
    return AuthorizeResponse(id_tag_info=to_id_tag_info(verdict))
