"""A version of OCPP as the house sees it: which actions it has, what is done with those that stations send, how the
house's intents are said in it, and what the stations' answers mean."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from forecourt.domain.errands.intents import Intent, Say
from forecourt.domain.errands.model import Draft, Errand, ErrandNumber, Order
from forecourt.domain.errors import DomainError, Kind, invalid
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.ocpp.action import Action, Message, Sender
from forecourt.ocpp.errors import Fault, PayloadRefused
from forecourt.ocpp.payload import Reader
from forecourt.ocpp.session import AnyAction, Vocabulary

Asked = TypeVar("Asked", bound=Message)
Told = TypeVar("Told", bound=Message)

Answer: TypeAlias = Callable[[Any, Station, Services], Message]  # each takes the words of its own action


@dataclass(frozen=True, slots=True)
class Command:
    """An action that is to be sent, with its words."""

    action: AnyAction
    words: Message


Wanted = TypeVar("Wanted", bound=Intent)

Carrier: TypeAlias = Callable[[Any, Station], Command]  # each takes intents of its own kind
Hearer: TypeAlias = Callable[
    [Any, Any, Station, Services, ErrandNumber], None
]  # each takes the words of its own action

Warner: TypeAlias = Callable[[Any, Station, Services], Sequence[str]]  # each takes the words of its own action
WarnerOf: TypeAlias = Callable[[Asked, Station, Services], Sequence[str]]
HearerOf: TypeAlias = Callable[[Asked, Told, Station, Services, ErrandNumber], None]

Meaning: TypeAlias = Callable[[Any, Station, Services, Order, Draft], Errand | None]  # each takes its own words
MeaningOf: TypeAlias = Callable[[Asked, Station, Services, Order, Draft], Errand | None]

_ATTRIBUTE: Final = "_answers_action"
_CARRIES: Final = "_carries_intent"
_HEARS: Final = "_hears_action"
_WARNS: Final = "_warns_of_action"
_MEANS: Final = "_means_intent"

_encode = msgspec.json.Encoder().encode


def answers(
    action: Action[Asked, Told],
) -> Callable[[Callable[[Asked, Station, Services], Told]], Callable[[Asked, Station, Services], Told]]:
    """Marks the function that answers an action: it translates, calls one service, and translates back."""

    def mark(answer: Callable[[Asked, Station, Services], Told]) -> Callable[[Asked, Station, Services], Told]:
        setattr(answer, _ATTRIBUTE, action)
        return answer

    return mark


def carries(
    intent: type[Wanted],
) -> Callable[[Callable[[Wanted, Station], Command]], Callable[[Wanted, Station], Command]]:
    """Marks the function that says an intent in the words of this version. It raises DomainError for what this
    version cannot say."""

    def mark(carrier: Callable[[Wanted, Station], Command]) -> Callable[[Wanted, Station], Command]:
        setattr(carrier, _CARRIES, intent)
        return carrier

    return mark


def hears(action: Action[Asked, Told]) -> Callable[[HearerOf[Asked, Told]], HearerOf[Asked, Told]]:
    """Marks the function that knows what an answer to an action of ours means: it is given what we asked and what
    the station answered, whoever asked, with the number of the errand, and tells one service. It raises DomainError,
    before anything is written, for an answer that means nothing to the business."""

    def mark(hearer: HearerOf[Asked, Told]) -> HearerOf[Asked, Told]:
        setattr(hearer, _HEARS, action)
        return hearer

    return mark


def warns(action: Action[Asked, Told]) -> Callable[[WarnerOf[Asked]], WarnerOf[Asked]]:
    """Marks the function that says, in sentences, what looks wrong about words that an operator wants to have sent.
    They are sent all the same."""

    def mark(warner: WarnerOf[Asked]) -> WarnerOf[Asked]:
        setattr(warner, _WARNS, action)
        return warner

    return mark


def means(action: Action[Asked, Told]) -> Callable[[MeaningOf[Asked]], MeaningOf[Asked]]:
    """Marks the function that recognises an intent of the house in words that an operator wants to have sent as they
    are. It is given the errand as it would be written down, and has it carried by the service whose intent it is, so
    that this knows of it; the words stay as they were written. None for words that mean nothing more than they say.
    It raises DomainError."""

    def mark(meaning: MeaningOf[Asked]) -> MeaningOf[Asked]:
        setattr(meaning, _MEANS, action)
        return meaning

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
    carriers: Mapping[type[Intent], Carrier] = field(default_factory=dict)
    hearers: Mapping[str, Hearer] = field(default_factory=dict)
    warners: Mapping[str, Warner] = field(default_factory=dict)
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    readers: Mapping[str, Reader[Message]] = field(default_factory=dict)
    """What reads the requests that may be sent to stations."""

    def answer(self, action: AnyAction, words: Message, station: Station, services: Services) -> bytes:
        """The encoded payload of the answer. Raises DomainError."""
        if not station.is_accepted and action.name not in self.open_before_acceptance:
            raise DomainError(
                Kind.REFUSED, "The station is {}; only BootNotification is taken from it.", station.registration.value
            )
        return _encode(self.answers[action.name](words, station, services))

    def command(self, intent: Intent, station: Station) -> Command:
        """What has to be sent for an intent. Raises DomainError for what cannot be said in this version."""
        if isinstance(intent, Say):
            return self._said(intent)
        carrier = self.carriers.get(type(intent))
        if carrier is None:
            raise invalid("The station speaks {}, which has no words for {}.", self.subprotocol, type(intent).__name__)
        return carrier(intent, station)

    def _said(self, intent: Say) -> Command:
        action = self.actions.get(intent.action)
        if action is None or not may_be_sent(action):
            raise invalid(
                "The station speaks {}, which has no {} to send to stations.", self.subprotocol, intent.action
            )
        try:
            return Command(action, self.readers[intent.action].read(msgspec.Raw(intent.payload.encode())))
        except PayloadRefused as refused:
            raise invalid("{} does not fit {}: {}", intent.action, self.subprotocol, refused) from refused

    def hear(
        self, command: Command, answer: Message, station: Station, services: Services, errand: ErrandNumber
    ) -> None:
        """Tell the business what the answer to an errand means. Raises DomainError."""
        hearer = self.hearers.get(command.action.name)
        if hearer is not None:
            hearer(command.words, answer, station, services, errand)

    def warnings(self, command: Command, station: Station, services: Services) -> tuple[str, ...]:
        """What looks wrong about something that is to be sent."""
        warner = self.warners.get(command.action.name)
        return () if warner is None else tuple(warner(command.words, station, services))

    def ask_meant(
        self, command: Command, station: Station, services: Services, order: Order, said: Draft
    ) -> Errand | None:
        """Ask for what words mean to the house, or None when they mean nothing more than they say. Raises
        DomainError."""
        meaning = self.meanings.get(command.action.name)
        return None if meaning is None else meaning(command.words, station, services, order, said)

    def commands(self) -> list[AnyAction]:
        """Every action that may be sent to stations."""
        return [action for action in self.actions.values() if may_be_sent(action)]


def may_be_sent(action: AnyAction) -> bool:
    """True for what a central system may send."""
    return action.sender is not Sender.STATION


def refusal(action: AnyAction, answer: Message) -> str | None:
    """The status with which a station refused, or None when it did what it was asked."""
    status = getattr(answer, "status", None)
    return status if isinstance(status, str) and status not in action.done else None


def make_dialect(
    subprotocol: str,
    *,
    messages: ModuleType,
    inbound: ModuleType,
    outbound: ModuleType,
    codes: Mapping[Fault, str],
    open_before_acceptance: frozenset[str],
) -> Dialect:
    """Read the tables of a dialect from its folders: messages, answers to stations, and what is sent to them."""
    actions: dict[str, AnyAction] = {}
    for module in _modules(messages):
        actions |= {value.name: value for value in vars(module).values() if isinstance(value, Action)}
    found: dict[str, Answer] = {action.name: answer for action, answer in _marked(inbound, _ATTRIBUTE)}
    misplaced = [name for name in found if actions[name].sender is Sender.CSMS]
    if misplaced:
        raise TypeError(f"{subprotocol} has answers to actions that stations do not send: {misplaced}")
    hearers: dict[str, Hearer] = {action.name: hearer for action, hearer in _marked(outbound, _HEARS)}
    misplaced = [name for name in hearers if actions[name].sender is Sender.STATION]
    if misplaced:
        raise TypeError(f"{subprotocol} hears answers to actions that it cannot send: {misplaced}")
    vocabulary = Vocabulary(
        received=[actions[name] for name in found],
        known=actions.values(),
        codes=codes,
    )
    return Dialect(
        subprotocol,
        actions,
        found,
        vocabulary,
        open_before_acceptance,
        carriers=dict(_marked(outbound, _CARRIES)),
        hearers=hearers,
        readers={action.name: Reader(action.request) for action in actions.values() if may_be_sent(action)},
        warners={action.name: warner for action, warner in _marked(outbound, _WARNS)},
        meanings={action.name: meaning for action, meaning in _marked(outbound, _MEANS)},
    )


def _marked(package: ModuleType, attribute: str) -> Iterator[tuple[Any, Any]]:  # each folder has marks of its own
    for module in _modules(package):
        for value in vars(module).values():
            mark = getattr(value, attribute, None)
            if mark is not None and getattr(value, "__module__", "") == module.__name__:
                yield mark, value


def _modules(package: ModuleType) -> list[ModuleType]:
    return [importlib.import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(package.__path__)]
