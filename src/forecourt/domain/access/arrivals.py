"""People who come from an OpenID provider, and the accounts that are theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from forecourt.domain.access.account import MAX_ACCOUNT_CHARACTERS, MAX_SHOWN_CHARACTERS, Account
from forecourt.domain.access.accounts import Accounts
from forecourt.domain.access.permissions import Role
from forecourt.domain.errors import DomainError, Kind, Sentence

NAMELESS: Final = "somebody"
MAX_NAMESAKES: Final = 100


@dataclass(frozen=True, slots=True)
class Vouched:
    """Somebody for whom a provider vouches."""

    issuer: str
    subject: str
    """Never another person's at the same issuer, unlike the names (OpenID Connect Core 1.0 §5.7)."""
    name: str
    shown_name: str
    role: Role | None
    """None when the provider says nothing that means a role."""


def account_of(accounts: Accounts, who: Vouched, *, is_role_told: bool) -> Account:
    """Their account, made when they come for the first time. It follows the role that the provider tells, where it is
    the provider that tells roles (``is_role_told``).

    An account is found by the subject only: whoever has the name of a local account at the provider is not let into it.
    Raises DomainError REFUSED for somebody without a role or with a disabled account, and CONFLICT when the last
    administrator would become something else.
    """
    found = accounts.find_by_subject(who.issuer, who.subject)
    if found is None:
        return _make(accounts, who)
    if not found.is_enabled:
        raise _refused(Sentence("The account {!r} is disabled here; ask an administrator.", found.name))
    if not is_role_told:
        return found
    if who.role is None:
        raise _refused(
            Sentence("The provider knows you, and says nothing of a role here; ask whoever gives roles there.")
        )
    shown = _shown(who) or found.shown_name
    if who.role is found.role and shown == found.shown_name:
        return found
    return accounts.change(found.name, role=who.role, shown_name=shown)


def _make(accounts: Accounts, who: Vouched) -> Account:
    if who.role is None:
        raise _refused(Sentence("The provider knows you, and nothing gives you a role here; ask an administrator."))
    name = _add(accounts, _fit(who.name), _shown(who), who.role)
    return accounts.link(name, who.issuer, who.subject)


def _add(accounts: Accounts, wanted: str, shown_name: str, role: Role) -> str:
    """Under the name, or with a number where somebody else has it already."""
    for number in range(1, MAX_NAMESAKES + 1):
        name = wanted if number == 1 else f"{wanted}-{number}"
        try:
            return accounts.add(name, shown_name=shown_name, role=role).name
        except DomainError as error:
            if error.kind is not Kind.CONFLICT:
                raise
    raise _refused(
        Sentence("There are {} accounts named {!r} already; ask an administrator for one.", MAX_NAMESAKES, wanted)
    )


def _fit(name: str) -> str:
    """What an account may be called, as near to the name as can be."""
    kept = "".join("-" if one.isspace() or one in "/:" else one for one in name.strip() if one.isprintable())
    return kept[: MAX_ACCOUNT_CHARACTERS - len(str(MAX_NAMESAKES)) - 1] or NAMELESS


def _shown(who: Vouched) -> str:
    return "".join(one for one in who.shown_name if one.isprintable())[:MAX_SHOWN_CHARACTERS].strip()


def _refused(sentence: Sentence) -> DomainError:
    return DomainError(Kind.REFUSED, sentence)
