"""Which authorities there are, and which one is asked for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.alarms.model import Topic
from forecourt.domain.alarms.service import Alarms
from forecourt.domain.authorities.kinds import OUTSIDE, check_settings, split
from forecourt.domain.authorities.model import OWN, Authority, AuthorityKind, Choice
from forecourt.domain.authorities.store import AuthorityStore, Requests, SignerNotes
from forecourt.domain.changes import Changes
from forecourt.domain.errors import DomainError, Kind, Sentence, conflict, invalid, not_found
from forecourt.domain.security_log.model import Kind as LogKind
from forecourt.domain.security_log.model import Note
from forecourt.domain.security_log.service import SecurityLog
from forecourt.domain.signing.model import OpenedAuthority, SigningState, Use

MAX_AUTHORITIES: Final = 100
MAX_NAME: Final = 100
MAX_GROUP: Final = 100
MAX_GROUPS: Final = 1_000

_OWN: Final = Authority(
    name=OWN,
    kind=AuthorityKind.OWN,
    settings={},
    added_by="Forecourt",
    added_at=datetime(1970, 1, 1, tzinfo=UTC),
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is asked for what, after a change, and what an operator should know about it."""

    choice: Choice
    warnings: tuple[Sentence, ...] = ()


class Authorities:
    """Everything that can happen to authorities. The own one is always among them."""

    def __init__(
        self,
        store: AuthorityStore,
        log: SecurityLog,
        clock: Clock,
        changes: Changes,
        *,
        requests: Requests,
        notes: SignerNotes,
        alarms: Alarms,
    ) -> None:
        self._store = store
        self._log = log
        self._clock = clock
        self._changes = changes
        self._requests = requests
        self._notes = notes
        self._alarms = alarms

    def add(self, name: str, kind: AuthorityKind, settings: Mapping[str, str], *, asked_by: str) -> Authority:
        """Add an authority outside. Its secret settings are kept sealed and are never shown. Raises DomainError
        INVALID, or CONFLICT for a name that is taken."""
        _check_name(name)
        if kind not in OUTSIDE:
            known = ", ".join(one.value for one in OUTSIDE)
            raise invalid("The own authority is there already; kinds that can be added are {}.", known, field="kind")
        given = _given(settings)
        check_settings(kind, given)
        self._store.lock()
        if self._store.find(name) is not None or name == OWN:
            raise conflict("There is an authority {!r} already; change it, or take another name.", name, field="name")
        if len(self._store.list()) >= MAX_AUTHORITIES:
            raise conflict("There are {} authorities, and no more are possible; remove one.", MAX_AUTHORITIES)
        shown, secrets = split(kind, given)
        added = Authority(
            name=name,
            kind=kind,
            settings=shown,
            secrets_set=frozenset(secrets),
            added_by=asked_by,
            added_at=self._clock.now(),
        )
        self._store.put(added, secrets)
        self._note(f"The authority {name!r} ({kind.value}) was added.", asked_by)
        return added

    def change(
        self,
        name: str,
        settings: Mapping[str, str] | None = None,
        *,
        is_enabled: bool | None = None,
        asked_by: str,
    ) -> Authority:
        """Change what is given and leave the rest; an empty value takes a setting away. Raises DomainError."""
        if name == OWN:
            raise conflict("The own authority has no settings; its policy says how it issues.")
        self._store.lock()
        known = self.get(name)
        given = settings or {}
        before = self._store.secrets(name)
        if before is None and not known.secrets_set <= given.keys():
            raise conflict(
                "The secrets of the authority {!r} cannot be opened any more; give them once more: {}.",
                name,
                ", ".join(sorted(known.secrets_set)),
            )
        merged = _given({**known.settings, **(before or {}), **given})
        check_settings(known.kind, {**given, **merged})
        shown, secrets = split(known.kind, merged)
        changed = replace(
            known,
            settings=shown,
            secrets_set=frozenset(secrets),
            is_enabled=known.is_enabled if is_enabled is None else is_enabled,
        )
        self._store.put(changed, secrets)
        if settings is not None:
            names = ", ".join(sorted(given))
            self._note(f"The authority {name!r} was changed: {names or 'nothing'}.", asked_by)
            if _account(shown, secrets) != _account(known.settings, before or {}):
                self._notes.forget(name)
        if changed.is_enabled != known.is_enabled:
            self._note(f"The authority {name!r} was {'enabled' if changed.is_enabled else 'disabled'}.", asked_by)
        self._requests.begin_anew(name, self._clock.now())
        self._alarms.end(Topic.AUTHORITY, name)
        self._changes.signing_wanted()  # what waited for it may go on
        return changed

    def remove(self, name: str, *, asked_by: str) -> None:
        """Forget an authority with its secrets. Raises DomainError NOT_FOUND, or CONFLICT while it is chosen or
        requests to it wait."""
        if name == OWN:
            raise conflict("The own authority is always there; choose another one, and it signs nothing.")
        self._store.lock()
        self.get(name)
        choice = self._store.choice()
        if name in choice.defaults.values() or name in choice.by_group.values():
            raise conflict("The authority {!r} is chosen to sign; choose another one first.", name)
        waiting = self._requests.counts(name).get(SigningState.WAITING, 0)
        if waiting:
            raise conflict(
                "{} requests wait for the authority {!r}; cancel them, or wait for their end.", waiting, name
            )
        self._store.remove(name)
        self._notes.forget(name)
        self._alarms.end(Topic.AUTHORITY, name)
        self._note(f"The authority {name!r} was removed.", asked_by)

    def get(self, name: str) -> Authority:
        """Raises DomainError NOT_FOUND."""
        found = _OWN if name == OWN else self._store.find(name)
        if found is None:
            raise not_found("There is no authority {!r}.", name)
        return found

    def list(self) -> Sequence[Authority]:
        """The own one first, then in the order of their names."""
        return [_OWN, *self._store.list()]

    def opened(self, name: str) -> OpenedAuthority:
        """With its secrets: for the clerk only. Raises DomainError NOT_FOUND, or UNAVAILABLE for one that is disabled
        or whose secrets cannot be opened."""
        found = self.get(name)
        if not found.is_enabled:
            raise DomainError(Kind.UNAVAILABLE, "The authority {!r} is disabled; enable it, and it is asked.", name)
        secrets = self._store.secrets(name) if found.secrets_set else {}
        if secrets is None:
            raise DomainError(
                Kind.UNAVAILABLE,
                "The secrets of the authority {!r} cannot be opened: start with the secret key with which they were "
                "sealed, or give them once more.",
                name,
            )
        return OpenedAuthority(name=name, kind=found.kind.value, settings=found.settings, secrets=secrets)

    # Who is asked for what

    def choice(self) -> Choice:
        return self._store.choice()

    def choose(self, choice: Choice, *, asked_by: str) -> Chosen:
        """Say which authority signs for whom; what is asked from now on goes there. Raises DomainError INVALID."""
        self._store.lock()
        if len(choice.by_group) > MAX_GROUPS:
            raise invalid("At most {} groups can have an authority of their own.", MAX_GROUPS, field="byGroup")
        for group in choice.by_group:
            if not group or len(group) > MAX_GROUP or not group.isprintable():
                raise invalid("A group has 1 to {} printable characters.", MAX_GROUP, field="byGroup")
        known = {one.name: one for one in self.list()}
        for field, names in (("defaults", choice.defaults.values()), ("byGroup", choice.by_group.values())):
            unknown = sorted(set(names) - known.keys())
            if unknown:
                raise invalid("There is no authority {!r}; there are {}.", unknown[0], ", ".join(known), field=field)
        self._store.put_choice(choice)
        defaults = ", ".join(f"{use.value}: {choice.defaults.get(use, OWN)}" for use in Use)
        groups = ", ".join(f"{group!r}: {name}" for group, name in sorted(choice.by_group.items()))
        sentence = f"Who signs was chosen: {defaults}" + (f"; stations of {groups}" if groups else "")
        self._note(f"{sentence}.", asked_by)
        return Chosen(choice, tuple(_warnings(choice, known)))

    def authority_for(self, use: Use, station_group: str | None = None) -> str:
        """The name of the authority that is asked."""
        choice = self._store.choice()
        if use is Use.STATION and station_group is not None and station_group in choice.by_group:
            return choice.by_group[station_group]
        return choice.defaults.get(use, OWN)

    def _note(self, sentence: str, asked_by: str) -> None:
        self._log.note(Note(kind=LogKind.AUTHORITY_CHANGED, reason=sentence, asked_by=asked_by))


def _warnings(choice: Choice, known: Mapping[str, Authority]) -> list[Sentence]:
    chosen = {*choice.defaults.values(), *choice.by_group.values()}
    disabled = sorted(name for name in chosen if not known[name].is_enabled)
    return [
        *(
            Sentence("The authority {!r} is disabled: requests to it wait until it is enabled.", name)
            for name in disabled
        ),
        *(
            Sentence(
                "Stations accept what {!r} signs only if this system does: import its root for stationIdentity.", name
            )
            for name in sorted(chosen - {OWN})
        ),
    ]


def _account(settings: Mapping[str, str], secrets: Mapping[str, str]) -> tuple[str | None, ...]:
    """What an account of ACME belongs to: with other ones a new account is made."""
    return settings.get("directory"), settings.get("eabKeyId"), secrets.get("eabKey")


def _given(settings: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in settings.items() if value}


def _check_name(name: str) -> None:
    if not name or len(name) > MAX_NAME or not name.isprintable() or name != name.strip():
        raise invalid(
            "An authority needs a name of 1 to {} printable characters, without spaces around it.",
            MAX_NAME,
            field="name",
        )
