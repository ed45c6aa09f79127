"""People who may sign in, by their accounts."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, SkipValidation
from msgspec import UNSET, Meta, UnsetType

from forecourt.api.access import Asker, Asking, access
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.recording import Recorded
from forecourt.api.words import Line, Works
from forecourt.asgi.paths import from_path
from forecourt.domain.access.account import (
    MAX_PASSWORD_CHARACTERS,
    Account,
    check_account_name,
    check_may_give,
    check_new_password,
)
from forecourt.domain.access.accounts import Accounts
from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.access.permissions import PERMISSIONS, Permission, Role
from forecourt.domain.services import Services

Hasher = NamedDependency[SkipValidation[PasswordHasher]]
Name = Annotated[str, PathParameter(description="The name of the account.")]

_SECRET: Final = {"writeOnly": True, "format": "password"}
Password = Annotated[str, Meta(max_length=MAX_PASSWORD_CHARACTERS, extra_json_schema=_SECRET)]


class NewPerson(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """An account to make."""

    name: Annotated[str, Meta(max_length=255, description="As it is typed to sign in; it never changes.")]
    role: Annotated[Role, Meta(description="What they may do.")]
    shown_name: Annotated[Line, Meta(description="What they are called on pages.")] = ""
    password: Annotated[
        Password | None, Meta(description="At least 12 characters; null for who signs in with OpenID Connect only.")
    ] = None


class PersonChange(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What to change; an absent field keeps its value. Another role, and being disabled, ends their sessions."""

    role: Annotated[Role | UnsetType, Meta(description="What they may do.")] = UNSET
    enabled: Annotated[bool | UnsetType, Meta(description="Whether they may sign in.")] = UNSET
    shown_name: Annotated[Line | UnsetType, Meta(description="What they are called on pages.")] = UNSET


class NewPersonPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A password to set. It ends their sessions."""

    password: Annotated[Password, Meta(description="At least 12 characters, and not the name.")]


class PersonView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Somebody who may sign in."""

    name: str
    shown_name: str
    role: Role
    enabled: bool
    has_password: Annotated[bool, Meta(description="False for who signs in with OpenID Connect only.")]
    second_factor: Annotated[bool, Meta(description="Whether a code is asked for beside the password.")]
    issuer: Annotated[str | None, Meta(description="The OpenID provider that the account is linked to.")]
    subject: Annotated[str | None, Meta(description="Who they are there.")]
    created_at: datetime | None
    signed_in_at: Annotated[datetime | None, Meta(description="When they signed in last.")]


def show_person(account: Account) -> PersonView:
    identity = account.identity
    return PersonView(
        name=account.name,
        shown_name=account.shown_name,
        role=account.role,
        enabled=account.is_enabled,
        has_password=account.has_password,
        second_factor=account.has_second_factor,
        issuer=None if identity is None else identity.issuer,
        subject=None if identity is None else identity.subject,
        created_at=account.created_at,
        signed_in_at=account.signed_in_at,
    )


class People(Controller):
    """Whoever asks for something here must have every permission of the account in question themselves: a program that
    may do little cannot give itself more by way of somebody else's account."""

    path = "/people"
    tags = ("People",)
    opt = access(view=Permission.ADMINISTER, change=Permission.ADMINISTER)

    @post(summary="Add somebody", operation_id="addPerson")
    async def add(
        self, data: JSONBody[NewPerson], workspace: Works, hasher: Hasher, caller: Asking, record: Recorded
    ) -> PersonView:
        check_may_give(caller.permissions, PERMISSIONS[data.role], field="role")
        name = check_account_name(data.name)
        hashed = None if data.password is None else await hashed_password(hasher, name, data.password)
        record.tell(f"{name}: {data.role.value}")
        return show_person(
            await workspace.write(
                lambda services: services.accounts.add(
                    name, shown_name=data.shown_name, role=data.role, password_hash=hashed
                )
            )
        )

    @get(summary="List people", operation_id="listPeople")
    async def list_all(self, workspace: Works, page: Paging) -> Listing[PersonView]:
        """Ordered by name."""
        return listing(await workspace.read(lambda services: services.accounts.list(page)), show_person)

    @get("/{name:str}", summary="Show somebody", operation_id="getPerson")
    async def show(self, name: Name, workspace: Works) -> PersonView:
        wanted = from_path(name)
        return show_person(await workspace.read(lambda services: services.accounts.get(wanted)))

    @patch("/{name:str}", summary="Change what somebody may do", operation_id="changePerson")
    async def change(
        self, name: Name, data: JSONBody[PersonChange], workspace: Works, caller: Asking, record: Recorded
    ) -> PersonView:
        """The last administrator who is enabled stays one."""
        wanted = from_path(name)
        if data.role is not UNSET:
            check_may_give(caller.permissions, PERMISSIONS[data.role], field="role")
            record.tell(f"role {data.role.value}")
        if data.enabled is not UNSET:
            record.tell("enabled" if data.enabled else "disabled")

        def work(services: Services) -> Account:
            return _reached(services, wanted, caller).change(
                wanted,
                shown_name=None if data.shown_name is UNSET else data.shown_name,
                role=None if data.role is UNSET else data.role,
                is_enabled=None if data.enabled is UNSET else data.enabled,
            )

        return show_person(await workspace.write(work))

    @put("/{name:str}/password", summary="Set somebody's password", operation_id="putPersonPassword")
    async def put_password(
        self, name: Name, data: JSONBody[NewPersonPassword], workspace: Works, hasher: Hasher, caller: Asking
    ) -> PersonView:
        """Their sessions end."""
        wanted = from_path(name)
        hashed = await hashed_password(hasher, wanted, data.password)

        def work(services: Services) -> Account:
            return _reached(services, wanted, caller).set_password(wanted, hashed)

        return show_person(await workspace.write(work))

    @delete("/{name:str}/second-factor", summary="Remove somebody's second factor", operation_id="removeSecondFactor")
    async def remove_second_factor(self, name: Name, workspace: Works, caller: Asking) -> None:
        """For who has lost the device; from then on the password alone is enough."""
        wanted = from_path(name)

        def work(services: Services) -> None:
            _reached(services, wanted, caller).remove_totp(wanted)

        await workspace.write(work)

    @delete("/{name:str}", summary="Remove somebody", operation_id="removePerson")
    async def remove(self, name: Name, workspace: Works, caller: Asking) -> None:
        """What they did stays written down. The last administrator who is enabled stays."""
        wanted = from_path(name)
        await workspace.write(lambda services: _reached(services, wanted, caller).remove(wanted))


async def hashed_password(hasher: PasswordHasher, name: str, password: str) -> str:
    """Raises DomainError INVALID for one that may not be used. Hashing takes its time on purpose."""
    check_new_password(name, password)
    return await asyncio.to_thread(hasher.hash, password)


def _reached(services: Services, name: str, caller: Asker) -> Accounts:
    """The accounts, for changing this one. Raises DomainError NOT_FOUND, and REFUSED for who may do less than it."""
    check_may_give(caller.permissions, services.accounts.get(name).permissions)
    return services.accounts
