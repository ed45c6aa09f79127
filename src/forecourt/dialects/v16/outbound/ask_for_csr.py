"""ExtendedTriggerMessage for SignChargePointCertificate: have a station make a key and ask for a certificate (security
whitepaper A02)."""

from __future__ import annotations

from dataclasses import replace

from msgspec import UNSET

from forecourt.dialect import Command, carries, means
from forecourt.dialects.v16.messages.extended_trigger_message import (
    EXTENDED_TRIGGER_MESSAGE,
    ExtendedTriggerMessageRequest,
)
from forecourt.domain.errands.intents import AskForCsr
from forecourt.domain.errands.model import Draft, Errand, Order
from forecourt.domain.errors import DomainError
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services

_WORDS = ExtendedTriggerMessageRequest(requested_message="SignChargePointCertificate")


@carries(AskForCsr)
def ask_for_csr(_intent: AskForCsr, _station: Station) -> Command:
    return Command(EXTENDED_TRIGGER_MESSAGE, _WORDS)


@means(EXTENDED_TRIGGER_MESSAGE)
def meant(
    asked: ExtendedTriggerMessageRequest, station: Station, services: Services, order: Order, said: Draft
) -> Errand | None:
    """What begins an order of a certificate is followed as one. Where none can be begun it is sent as it is: the
    operator may send what makes no sense."""
    if asked.requested_message != _WORDS.requested_message or asked.connector_id is not UNSET:
        return None
    try:
        return services.certificates.renew(station, order, said=replace(said, intent=AskForCsr()))
    except DomainError:
        return None
