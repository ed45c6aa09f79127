"""Every action that may be sent to a station, as an operation that sends it exactly as it was written.

Nothing is checked but the types of the words: whoever tests a station must be able to send it nonsense. Words that
mean something to the house, such as a new password, are sent as they are, too, and the house knows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from forecourt.dialect import Command, Dialect
from forecourt.domain.access.permissions import Permission
from forecourt.domain.configuration.permission import needed_to_change
from forecourt.domain.errands.intents import Say
from forecourt.domain.errands.model import Draft, Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.ocpp.action import Message
from forecourt.ocpp.redaction import shown
from forecourt.ocpp.session import AnyAction
from forecourt.operations.operation import AnyOperation, Operation

_SECURITY: Final = frozenset({"CertificateSigned", "DeleteCertificate", "InstallCertificate"})
"""Actions that change what a station trusts, or who it says that it is."""

_BY_WORDS: Final[Mapping[str, tuple[str, Callable[[str], Permission]]]] = {
    "ChangeConfiguration": ("key", needed_to_change),
    "ExtendedTriggerMessage": (
        "requested_message",
        lambda message: Permission.SECURITY if message == "SignChargePointCertificate" else Permission.OPERATE,
    ),
}
"""Actions of which one word decides."""

_encode: Final = msgspec.json.Encoder().encode


def raw_operation(dialect: Dialect, action: AnyAction) -> AnyOperation:
    """The operation that sends an action."""

    def say(services: Services, station: Station, words: Message, order: Order) -> Errand:
        command = Command(action, words)
        draft = Draft(
            operation=action.name,
            intent=Say(action.name, _encode(words).decode()),
            shown=_encode(shown(words)).decode(),
            warnings=dialect.warnings(command, station, services),
        )
        errand = dialect.ask_meant(command, station, services, order, draft)
        return services.errands.ask(station, draft, order) if errand is None else errand

    return Operation(
        name=action.name,
        summary=action.summary,
        group=action.profile,
        params=action.request,
        run=say,
        is_dangerous=action.is_dangerous,
        is_composed=False,
        permission=Permission.SECURITY if action.name in _SECURITY else Permission.OPERATE,
        needs=_needs(action.name),
        response=action.response,
    )


def _needs(action: str) -> Callable[[Message], Permission] | None:
    if action not in _BY_WORDS:
        return None
    word, decide = _BY_WORDS[action]
    return lambda words: decide(str(getattr(words, word)))
