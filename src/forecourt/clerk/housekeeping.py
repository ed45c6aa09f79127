"""Keeps the own authority in order: makes what it needs next, tells of what ends, and forgets what is over.

Any number of nodes may do so at the same time. Keys are made and used in threads with no unit of work open; what came
of it is one commit that asks once more whether it is wanted. What a crash or another node made useless is thrown away.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog

from forecourt.clerk.own_keys import NewKey, OwnKeys
from forecourt.clerk.own_making import Entry, Places, Workshop, make_issuing, make_list, make_responder, make_root
from forecourt.clerk.signers.pkcs11 import KeyLost, TokenTrouble
from forecourt.clock import Clock
from forecourt.domain.authorities.model import OpenedOwn, OwnCertificate, OwnMaterial
from forecourt.domain.authorities.own_ca import Made, MadeCa
from forecourt.domain.authorities.own_plan import Activate, MakeIssuing, MakeList, MakeResponder, MakeRoot, Task, TidyUp
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.services import Services, Workspace
from forecourt.pki.errors import PkiError
from forecourt.threads import in_thread

ROUNDS: Final = 50
"""More than a new hierarchy of both families needs; so that a mistake cannot make keys for ever."""

WATCH_SECONDS: Final = 60.0
"""Between two looks at what ends soon, and at the token."""

RETRY_SECONDS: Final = 30.0
LONGEST_RETRY_SECONDS: Final = 300.0
"""After something could not be made; the wait doubles as long as that goes on."""

TOKEN: Final = "PKCS#11 token"
MAKING: Final = "hierarchy"
"""Subjects of alarms."""

LONGEST_SECONDS: Final = 120.0
"""For one key or signature; a device that takes longer is out of order."""

_THREAD: Final = "own-authority"

Result = TypeVar("Result")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Failure:
    """Something that could not be made. Both in seconds, the first as the process counts them."""

    again_at: float
    wait: float


class Housekeeping:
    """The chore of one process."""

    def __init__(self, workspace: Workspace, clock: Clock, *, keys: OwnKeys, places: Places) -> None:
        self._workspace = workspace
        self._clock = clock
        self._keys = keys
        self._places = places
        self._alone = asyncio.Lock()
        """Nothing is made twice in one process, which would be thrown away."""
        self._watched_at: float | None = None
        self._failed: dict[str, _Failure] = {}
        """By what could not be made: one thing that fails holds up no other."""
        self._doubtful: list[NewKey] = []
        """Keys in a token of which nobody knows whether they were kept."""
        self._is_in_trouble = True
        """Whether an alarm of before may be open: nobody knows at the start."""

    async def keep(self) -> None:
        """Do what is to be done now. It is cheap when nothing is. Raises DomainError when the database is away."""
        async with self._alone:
            await self._keep()

    async def _keep(self) -> None:
        now = self._clock.monotonic()
        await self.make_all()
        if self._watched_at is None or now - self._watched_at >= WATCH_SECONDS:
            self._watched_at = now
            await self._watch()

    async def material(self) -> OwnMaterial:
        """What signing needs, made first if there is none: who asks for the first certificate need not ask twice."""
        found = await self._workspace.read(_material)
        if not found.policy.families <= found.issuing.keys() and not found.troubles:
            await self.keep()
            found = await self._workspace.read(_material)
        return found

    async def make_all(self) -> bool:
        """Make everything that is needed. False when something could not be made; an alarm says what."""
        await self._see_to_doubtful()
        for _ in range(ROUNDS):
            needed = await self._workspace.read(_needed)
            names = {_what(task) for task in needed}
            self._failed = {name: failure for name, failure in self._failed.items() if name in names}
            task = next((one for one in needed if self._may_try(_what(one))), None)
            if task is None:
                break
            if await self._do(task):
                self._failed.pop(_what(task), None)
            else:
                before = self._failed.get(_what(task))
                wait = RETRY_SECONDS if before is None else min(2 * before.wait, LONGEST_RETRY_SECONDS)
                self._failed[_what(task)] = _Failure(self._clock.monotonic() + wait, wait)
        if self._failed:
            return False
        if self._is_in_trouble:
            await self._workspace.write(lambda services: services.own_ca.recovered(MAKING))
            self._is_in_trouble = False
        return True

    def _may_try(self, name: str) -> bool:
        failure = self._failed.get(name)
        return failure is None or self._clock.monotonic() >= failure.again_at

    async def _do(self, task: Task) -> bool:
        """False when it could not be made, which was told."""
        try:
            made, key = await self._made(task)
        except (PkiError, TokenTrouble, DomainError) as error:
            if isinstance(error, DomainError) and error.kind is not Kind.UNAVAILABLE:
                return True  # what it was for is gone
            if isinstance(task, MakeList) and task.is_last and isinstance(error, KeyLost | DomainError):
                await self._workspace.write(functools.partial(_give_up_key, task.issuer, str(error)))
                return True
            await self._tell(f"The own authority could not make what it needs ({_named(task)}). {error}")
            return False
        try:
            is_kept = await self._workspace.write(functools.partial(_keep, made))
        except DomainError as error:
            if error.kind is Kind.UNAVAILABLE:
                if key is not None and key.private is None:
                    self._doubtful.append(key)
                raise  # it may have been kept: the next round sees
            await self._discard(key)
            await self._tell(f"The own authority could not keep what it made ({_named(task)}). {error}")
            return False
        if is_kept:
            _log.info("own_authority_made", what=_named(task))
        else:
            await self._discard(key)
        return True

    async def _made(self, task: Task) -> tuple[Made, NewKey | None]:
        if isinstance(task, TidyUp):
            return task, None
        if isinstance(task, Activate):
            await self._workspace.read(lambda services: services.own_ca.opened(task.root))
            return task, None
        shop, opened = await self._workspace.read(functools.partial(self._prepared, task))
        if isinstance(task, MakeRoot):
            return await self._made_key(functools.partial(make_root, shop, task, opened))
        signer = _given(opened)
        if isinstance(task, MakeIssuing):
            return await self._made_key(functools.partial(make_issuing, shop, task, signer))
        if isinstance(task, MakeResponder):
            return await self._in_thread(functools.partial(make_responder, shop, task, signer)), None
        covers, entries = await self._workspace.read(functools.partial(_entries, task))
        listed = functools.partial(make_list, shop, task, signer, entries, covers=covers)
        return await self._in_thread(listed), None

    def _prepared(
        self, task: MakeRoot | MakeIssuing | MakeResponder | MakeList, services: Services
    ) -> tuple[Workshop, OpenedOwn | None]:
        own_ca = services.own_ca
        shop = Workshop(
            keys=self._keys,
            places=self._places,
            policy=own_ca.policy(),
            organisation=own_ca.organisation() or "",
            at=self._clock.now(),
        )
        if isinstance(task, MakeRoot):
            return shop, None if task.previous is None else _maybe_opened(task.previous, services)
        return shop, own_ca.opened(task.root if isinstance(task, MakeIssuing) else task.issuer)

    async def _discard(self, key: NewKey | None) -> None:
        if key is not None and key.private is None:
            await self._in_thread(functools.partial(self._destroy, key))

    def _destroy(self, key: NewKey) -> None:
        try:
            self._keys.destroy(key)
        except TokenTrouble as error:
            _log.warning("token_key_left", key=key.key_id[:16], reason=str(error))

    async def _see_to_doubtful(self) -> None:
        while self._doubtful:
            kept = {one.key_id for one in await self._workspace.read(lambda services: services.own_ca.hierarchy())}
            key = self._doubtful.pop()
            if key.key_id not in kept:
                await self._discard(key)

    async def _made_key(self, work: Callable[[], tuple[MadeCa, NewKey]]) -> tuple[MadeCa, NewKey]:
        """As `_in_thread`; a device that answers after all leaves no key behind."""
        is_over = threading.Event()

        def done() -> tuple[MadeCa, NewKey]:
            made, key = work()
            if is_over.is_set():
                self._destroy(key)
            return made, key

        try:
            return await self._in_thread(done)
        except TokenTrouble:
            is_over.set()
            raise

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        """What a device makes of it after that is lost; the thread is left behind."""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                return await in_thread(_THREAD, work)
        except TimeoutError:
            raise TokenTrouble(f"It took longer than {LONGEST_SECONDS:.0f} seconds.") from None

    async def _tell(self, sentence: str) -> None:
        _log.warning("own_authority_failed", reason=sentence)
        self._is_in_trouble = True
        await self._workspace.write(lambda services: services.own_ca.failed(MAKING, sentence))

    async def _watch(self) -> None:
        await self._workspace.write(_watched)
        needs_token = await self._workspace.read(_needs_token)
        trouble = await self._token_trouble() if needs_token else None
        if trouble is not None:
            _log.warning("token_failed", reason=trouble)
            sentence = f"{trouble} Requests for certificates wait until it works."
            await self._workspace.write(lambda services: services.own_ca.failed(TOKEN, sentence))
        else:
            await self._workspace.write(lambda services: services.own_ca.recovered(TOKEN))

    async def _token_trouble(self) -> str | None:
        try:
            await self._in_thread(self._keys.token.check)
        except TokenTrouble as error:
            return str(error)
        return None


def _material(services: Services) -> OwnMaterial:
    return services.own_ca.material()


def _needed(services: Services) -> list[Task]:
    return services.own_ca.needed()


def _keep(made: Made, services: Services) -> bool:
    return services.own_ca.made(made)


def _watched(services: Services) -> None:
    services.own_ca.watch()
    services.own_ca.prune()


def _give_up_key(own: OwnCertificate, sentence: str, services: Services) -> None:
    services.own_ca.give_up_key(own, sentence)


def _needs_token(services: Services) -> bool:
    own_ca = services.own_ca
    return own_ca.policy().keys_in_token or own_ca.uses_token()


def _given(opened: OpenedOwn | None) -> OpenedOwn:
    if opened is None:
        raise DomainError(Kind.UNAVAILABLE, "The CA that is to sign is not there.")
    return opened


def _maybe_opened(own: OwnCertificate, services: Services) -> OpenedOwn | None:
    """Of a root whose key is lost: the next one is made without its word, and stations have to be given it."""
    try:
        return services.own_ca.opened(own)
    except DomainError as error:
        _log.warning("root_not_crossed", root=own.fingerprint[:16], reason=error.sentence)
        return None


def _entries(task: MakeList, services: Services) -> tuple[int, Sequence[Entry]]:
    """In this order: what is revoked between the two is in the list, and the list is made once more."""
    return services.own_ca.asked(task.issuer), services.own_ca.entries(task.issuer)


def _what(task: Task) -> str:
    """What it is for, however often it is tried."""
    return f"list of {task.issuer.address}" if isinstance(task, MakeList) else _named(task)


def _named(task: Task) -> str:
    match task:
        case Activate():
            return f"{task.root.family.value} root {task.root.fingerprint[:16]} put in force"
        case MakeRoot():
            return f"{task.family.value} root"
        case MakeIssuing():
            return f"{task.family.value} issuing CA"
        case MakeResponder():
            return f"OCSP responder of {task.issuer.address}"
        case MakeList():
            return f"list {task.number} of {task.issuer.address}"
        case TidyUp():
            return f"{len(task.certificates)} expired certificates removed"
