"""Accounts of people, their passwords and their second factors."""

from __future__ import annotations

from collections.abc import Sequence

from forecourt.clock import Clock
from forecourt.domain.access.account import (
    Account,
    Credentials,
    Identity,
    check_account_name,
    check_identity,
    check_manner,
    check_shown_name,
    name_taken,
)
from forecourt.domain.access.account_store import AccountStore
from forecourt.domain.access.permissions import Role
from forecourt.domain.access.second_factor import (
    Totp,
    TotpOffer,
    new_recovery_codes,
    new_secret,
    offer_of,
    recovery_digest,
    step_of,
)
from forecourt.domain.access.sessions import Sessions
from forecourt.domain.errors import conflict, invalid, not_found
from forecourt.domain.paging import Page, PageRequest
from forecourt.pki.errors import BadSeal


class Accounts:
    """Everything that can happen to accounts. Passwords come as hashes: hashing is slow on purpose, and so belongs
    outside units of work; `check_new_password` is asked before."""

    def __init__(self, store: AccountStore, clock: Clock, sessions: Sessions) -> None:
        self._store = store
        self._clock = clock
        self._sessions = sessions

    # Who there is

    def get(self, name: str) -> Account:
        """Raises DomainError NOT_FOUND."""
        account = self._store.find(name)
        if account is None:
            raise not_found("There is no account named {!r}.", name)
        return account

    def find(self, name: str) -> Account | None:
        return self._store.find(name)

    def list(self, page: PageRequest) -> Page[Account]:
        """Ordered by name."""
        return self._store.list(page)

    def credentials(self, name: str) -> Credentials | None:
        """For a door that checks passwords outside the unit of work. None for an account that does not exist, is
        disabled or has no password."""
        return self._store.find_credentials(name)

    def add(self, name: str, *, shown_name: str = "", role: Role, password_hash: str | None = None) -> Account:
        """A new account; without a password for one who signs in elsewhere only. Raises DomainError INVALID, or
        CONFLICT when the name is taken."""
        account = Account(
            name=check_account_name(name),
            shown_name=check_shown_name(shown_name),
            role=role,
            created_at=self._clock.now(),
        )
        if not self._store.add(account, password_hash):
            raise name_taken(name)
        return self.get(name)

    def change(
        self,
        name: str,
        *,
        shown_name: str | None = None,
        role: Role | None = None,
        is_enabled: bool | None = None,
    ) -> Account:
        """What is None stays. Another role, and being disabled, ends the sessions. Raises DomainError NOT_FOUND,
        INVALID, and CONFLICT for the last enabled administrator."""
        before = self.get(name)
        new_role = before.role if role is None else role
        enabled = before.is_enabled if is_enabled is None else is_enabled
        if new_role is not Role.ADMIN or not enabled:
            self._check_is_not_last(before)
        self._store.change(
            name,
            shown_name=before.shown_name if shown_name is None else check_shown_name(shown_name),
            role=new_role,
            is_enabled=enabled,
        )
        if new_role is not before.role or not enabled:
            self._sessions.close_all(name)
        return self.get(name)

    def set_manner(self, name: str, *, language: str | None, zone: str | None, theme: str | None) -> Account:
        """How pages are shown to somebody; None leaves it to the browser."""
        self.get(name)
        check_manner(language=language, zone=zone, theme=theme)
        self._store.put_manner(name, language=language, zone=zone, theme=theme)
        return self.get(name)

    def remove(self, name: str) -> None:
        """Raises DomainError NOT_FOUND, and CONFLICT for the last enabled administrator."""
        self._check_is_not_last(self.get(name))
        self._sessions.close_all(name)
        self._store.remove(name)

    # Signing in

    def set_password(self, name: str, password_hash: str, *, keep: str | None = None) -> Account:
        """Ends the sessions of the account, apart from the one with the secret ``keep``."""
        self.get(name)
        self._store.put_password(name, password_hash)
        self._sessions.close_all(name, but=keep)
        return self.get(name)

    def signed_in(self, name: str) -> None:
        self._store.signed_in(name, self._clock.now())

    def find_by_subject(self, issuer: str, subject: str) -> Account | None:
        """The account that is linked to somebody of an OpenID provider."""
        return self._store.find_linked(Identity(issuer, subject))

    def link(self, name: str, issuer: str, subject: str) -> Account:
        """From now on, who comes from there with this subject is this account. Raises DomainError NOT_FOUND, INVALID,
        or CONFLICT when another account is linked to it."""
        self.get(name)
        if not self._store.link(name, check_identity(Identity(issuer, subject))):
            raise conflict("Another account is linked to this sign-in already.", field="subject")
        return self.get(name)

    def unlink(self, name: str) -> Account:
        self.get(name)
        self._store.link(name, None)
        return self.get(name)

    # The second factor

    def begin_totp(self, name: str) -> TotpOffer:
        """A new secret. What counted before goes on counting until the new one is confirmed."""
        self.get(name)
        secret = new_secret()
        self._store.offer_totp(name, secret)
        return offer_of(name, secret)

    def offered_totp(self, name: str) -> TotpOffer | None:
        """The secret that waits to be confirmed, for showing it again beside a code that was mistyped."""
        secret = self._offered(name)
        return None if secret is None else offer_of(name, secret)

    def confirm_totp(self, name: str, code: str) -> Sequence[str]:
        """From now on the second factor is asked for. Returns the recovery codes, which cannot be shown again. Raises
        DomainError CONFLICT when nothing was begun, and INVALID for a wrong code."""
        secret = self._offered(name)
        if secret is None:
            raise conflict("No second factor is being set up; begin again.")
        step = step_of(secret, code, self._clock.now())
        if step is None:
            raise invalid(
                "The code is wrong; check the clock of the device, and type the code that it shows now.", field="code"
            )
        self._store.put_totp(name, Totp(secret, step))
        return self._new_codes(name)

    def check_totp(self, name: str, code: str) -> bool:
        """Whether it is a code of the authenticator, or a recovery code, that was not used before; now it is. Must be
        called in a unit of work that is written. False for an account without a second factor."""
        return self._is_step(name, code) or self._store.use_recovery_code(name, recovery_digest(name, code))

    def renew_recovery_codes(self, name: str) -> Sequence[str]:
        """New recovery codes in the place of all others. Raises DomainError CONFLICT without a second factor."""
        if not self.get(name).has_second_factor:
            raise conflict("The account {!r} has no second factor.", name)
        return self._new_codes(name)

    def remove_totp(self, name: str) -> Account:
        """Raises DomainError NOT_FOUND, or CONFLICT when there is none."""
        self.get(name)
        if not self._store.remove_totp(name):
            raise conflict("The account {!r} has no second factor.", name)
        return self.get(name)

    # Inside

    def _check_is_not_last(self, account: Account) -> None:
        if account.role is Role.ADMIN and account.is_enabled and self._store.hold_admins() <= 1:
            raise conflict("{!r} is the last enabled administrator; make somebody else one first.", account.name)

    def _is_step(self, name: str, code: str) -> bool:
        try:
            totp = self._store.find_totp(name)
        except BadSeal:  # the key that sealed it is lost; recovery codes still work
            return False
        if totp is None:
            return False
        step = step_of(totp.secret, code, self._clock.now(), after=totp.last_step)
        return step is not None and self._store.use_step(name, step)

    def _offered(self, name: str) -> str | None:
        try:
            return self._store.find_offered_totp(name)
        except BadSeal:
            return None

    def _new_codes(self, name: str) -> Sequence[str]:
        codes = new_recovery_codes()
        self._store.put_recovery_codes(name, [recovery_digest(name, code) for code in codes])
        return codes
