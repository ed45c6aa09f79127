"""A version of OCPP as the house sees it: which actions it has, and what is done with those that stations send."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.ocpp.action import Action, Message, Sender
from forecourt.ocpp.errors import Fault
from forecourt.ocpp.session import AnyAction, Vocabulary

Asked = TypeVar("Asked", bound=Message)
Told = TypeVar("Told", bound=Message)

Answer: TypeAlias = Callable[[Any, Station, Services], Message]  # each takes the words of its own action

_ATTRIBUTE: Final = "_answers_action"

_encode = msgspec.json.Encoder().encode


def answers(
    action: Action[Asked, Told],
) -> Callable[[Callable[[Asked, Station, Services], Told]], Callable[[Asked, Station, Services], Told]]:
    """Marks the function that answers an action: it translates, calls one service, and translates back."""

    def mark(answer: Callable[[Asked, Station, Services], Told]) -> Callable[[Asked, Station, Services], Told]:
        setattr(answer, _ATTRIBUTE, action)
        return answer

    return mark


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version of OCPP, made from its folder."""

    subprotocol: str
    actions: Mapping[str, AnyAction]
    answers: Mapping[str, Answer]
    vocabulary: Vocabulary
    open_before_acceptance: frozenset[str]
    """Actions that a station may send before the operator has accepted it."""

    def answer(self, action: AnyAction, words: Message, station: Station, services: Services) -> bytes:
        """The encoded payload of the answer. Raises DomainError."""
        if not station.is_accepted and action.name not in self.open_before_acceptance:
            sentence = f"The station is {station.registration.value}; only BootNotification is taken from it."
            raise DomainError(Kind.REFUSED, sentence)
        return _encode(self.answers[action.name](words, station, services))


def make_dialect(
    subprotocol: str,
    *,
    messages: ModuleType,
    inbound: ModuleType,
    codes: Mapping[Fault, str],
    open_before_acceptance: frozenset[str],
) -> Dialect:
    """Read the tables of a dialect from its folders of messages and of answers."""
    actions: dict[str, AnyAction] = {}
    for module in _modules(messages):
        actions |= {value.name: value for value in vars(module).values() if isinstance(value, Action)}
    found: dict[str, Answer] = {}
    for module in _modules(inbound):
        for value in vars(module).values():
            action = getattr(value, _ATTRIBUTE, None)
            if isinstance(action, Action) and getattr(value, "__module__", "") == module.__name__:
                found[action.name] = value
    misplaced = [name for name in found if actions[name].sender is Sender.CSMS]
    if misplaced:
        raise TypeError(f"{subprotocol} has answers to actions that stations do not send: {misplaced}")
    vocabulary = Vocabulary(
        received=[actions[name] for name in found],
        known=actions.values(),
        codes=codes,
    )
    return Dialect(subprotocol, actions, found, vocabulary, open_before_acceptance)


def _modules(package: ModuleType) -> list[ModuleType]:
    return [importlib.import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(package.__path__)]
