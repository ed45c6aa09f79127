"""Certificate authorities: which there are, and which one signs for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, delete, get, patch, post, put
from litestar.params import JSONBody, PathParameter
from msgspec import UNSET, Meta, UnsetType

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.paging import Listing, Paging, listing, part_of
from forecourt.api.words import Works
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorities.kinds import KINDS, Setting
from forecourt.domain.authorities.model import OWN, Authority, AuthorityKind, Choice
from forecourt.domain.authorities.service import Chosen
from forecourt.domain.errors import in_english
from forecourt.domain.signing.model import Use

Name = Annotated[str, PathParameter(description="The name that an operator gave; `own` is this system's own.")]
Text = Annotated[str, Meta(max_length=255, pattern="^[^\\x00]*$")]

_SECRET = {"writeOnly": True}
_SETTINGS = "Values by the names of its settings; which there are and which are secret says /authority-kinds."


class AuthoritySettingView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One thing that can be said about authorities of a kind."""

    name: Annotated[str, Meta(description="Its name.")]
    description: Annotated[str, Meta(description="What it means.")]
    secret: Annotated[bool, Meta(description="It is kept sealed, and never shown.")]
    required: Annotated[bool, Meta(description="It must be given.")]
    choices: Annotated[Sequence[str], Meta(description="What it may be; any text when empty.")]


class AuthorityKindView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """How authorities of a kind are spoken to."""

    kind: Annotated[AuthorityKind, Meta(description="The kind.")]
    settings: Annotated[Sequence[AuthoritySettingView], Meta(description="What can be said about one.")]


class NewAuthority(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """An authority outside that may be asked for certificates."""

    name: Annotated[Text, Meta(description="A name for it, which stays.")]
    kind: Annotated[AuthorityKind, Meta(description="How it is spoken to.")]
    settings: Annotated[dict[str, str], Meta(description=_SETTINGS, extra_json_schema=_SECRET)]

    def __repr__(self) -> str:
        return "NewAuthority(…)"


class AuthorityChange(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What to change; what is absent stays."""

    settings: Annotated[
        dict[str, str] | UnsetType,
        Meta(description=f"{_SETTINGS} An empty value takes one away.", extra_json_schema=_SECRET),
    ] = UNSET
    enabled: Annotated[bool | UnsetType, Meta(description="Whether it may be asked; requests wait meanwhile.")] = UNSET

    def __repr__(self) -> str:
        return "AuthorityChange(…)"


class AuthorityView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An authority, without its secrets."""

    name: Annotated[str, Meta(description="Its name.")]
    kind: Annotated[AuthorityKind, Meta(description="How it is spoken to.")]
    settings: Annotated[Mapping[str, str], Meta(description="What was said about it, without what is secret.")]
    secrets_set: Annotated[Sequence[str], Meta(description="Names of the secret settings that have a value.")]
    enabled: Annotated[bool, Meta(description="Whether it may be asked.")]
    added_by: Annotated[str, Meta(description="Who added it.")]
    added_at: Annotated[datetime, Meta(description="When it was added.")]


class AuthorityChoice(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Which authority signs for whom."""

    defaults: Annotated[dict[Use, Text], Meta(description=f"Names by use; for what is absent `{OWN}` signs.")] = (
        msgspec.field(default_factory=dict)
    )
    by_group: Annotated[
        dict[str, Text], Meta(description="Names by the group of a station, which go before the default.")
    ] = msgspec.field(default_factory=dict)


class AuthorityChoiceView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Which authority signs for whom."""

    defaults: Annotated[Mapping[str, str], Meta(description="Names for every use.")]
    by_group: Annotated[Mapping[str, str], Meta(description="Names by the group of a station.")]
    warnings: Annotated[Sequence[str], Meta(description="What an operator should know about the choice.")] = ()


def show_setting(setting: Setting) -> AuthoritySettingView:
    return AuthoritySettingView(
        name=setting.name,
        description=setting.description,
        secret=setting.is_secret,
        required=setting.is_required,
        choices=setting.choices,
    )


def show_authority(authority: Authority) -> AuthorityView:
    return AuthorityView(
        name=authority.name,
        kind=authority.kind,
        settings=authority.settings,
        secrets_set=sorted(authority.secrets_set),
        enabled=authority.is_enabled,
        added_by=authority.added_by,
        added_at=authority.added_at,
    )


def show_choice(choice: Choice, warnings: Sequence[str] = ()) -> AuthorityChoiceView:
    return AuthorityChoiceView(
        defaults={use.value: choice.defaults.get(use, OWN) for use in Use},
        by_group=choice.by_group,
        warnings=warnings,
    )


def show_chosen(chosen: Chosen) -> AuthorityChoiceView:
    return show_choice(chosen.choice, in_english(chosen.warnings))


class Authorities(Controller):
    tags = ("Authorities",)
    opt = access(view=Permission.VIEW, change=Permission.SECURITY)

    @get("/authority-kinds", summary="List the kinds of authorities", operation_id="listAuthorityKinds")
    async def kinds(self, page: Paging) -> Listing[AuthorityKindView]:
        """How authorities can be spoken to, and what each kind needs."""
        kinds = [
            AuthorityKindView(kind=kind, settings=[show_setting(setting) for setting in settings])
            for kind, settings in KINDS.items()
        ]
        return listing(part_of(kinds, page), lambda kind: kind)

    @get("/authorities", summary="List authorities", operation_id="listAuthorities")
    async def list_all(self, workspace: Works, page: Paging) -> Listing[AuthorityView]:
        """The own one first, then in the order of their names. Secrets are never shown."""
        found = await workspace.read(lambda services: services.authorities.list())
        return listing(part_of(found, page), show_authority)

    @post("/authorities", summary="Add an authority", operation_id="addAuthority")
    async def add(self, data: JSONBody[NewAuthority], workspace: Works, asked_by: AskedBy) -> AuthorityView:
        """It signs nothing before it is chosen."""
        added = await workspace.write(
            lambda services: services.authorities.add(data.name, data.kind, data.settings, asked_by=asked_by)
        )
        return show_authority(added)

    @get("/authorities/{name:str}", summary="Show an authority", operation_id="getAuthority")
    async def show(self, name: Name, workspace: Works) -> AuthorityView:
        """Without its secrets, which are never shown."""
        wanted = from_path(name)
        return show_authority(await workspace.read(lambda services: services.authorities.get(wanted)))

    @patch("/authorities/{name:str}", summary="Change an authority", operation_id="changeAuthority")
    async def change(
        self, name: Name, data: JSONBody[AuthorityChange], workspace: Works, asked_by: AskedBy
    ) -> AuthorityView:
        """Settings that are not named stay, secret ones too. Requests that wait for it are tried again."""
        wanted = from_path(name)
        changed = await workspace.write(
            lambda services: services.authorities.change(
                wanted,
                None if data.settings is UNSET else data.settings,
                is_enabled=None if data.enabled is UNSET else data.enabled,
                asked_by=asked_by,
            )
        )
        return show_authority(changed)

    @delete("/authorities/{name:str}", summary="Remove an authority", operation_id="removeAuthority")
    async def remove(self, name: Name, workspace: Works, asked_by: AskedBy) -> None:
        """With its secrets. Refused while it is chosen, or requests to it wait."""
        wanted = from_path(name)
        await workspace.write(lambda services: services.authorities.remove(wanted, asked_by=asked_by))

    @get("/authority-choice", summary="Show which authority signs for whom", operation_id="getAuthorityChoice")
    async def choice(self, workspace: Works) -> AuthorityChoiceView:
        """What is not said is signed by the own authority."""
        return show_choice(await workspace.read(lambda services: services.authorities.choice()))

    @put("/authority-choice", summary="Choose which authority signs for whom", operation_id="chooseAuthority")
    async def choose(self, data: JSONBody[AuthorityChoice], workspace: Works, asked_by: AskedBy) -> AuthorityChoiceView:
        """Replaces the whole choice. It counts for what is asked from now on; what waits stays where it is."""
        chosen = await workspace.write(
            lambda services: services.authorities.choose(
                Choice(defaults=data.defaults, by_group=data.by_group), asked_by=asked_by
            )
        )
        return show_chosen(chosen)
