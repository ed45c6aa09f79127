"""The register of id tags: who may charge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Self

import msgspec
from litestar import Controller, Request, delete, get, patch, post
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import UNSET, UnsetType

from forecourt.api.access import access
from forecourt.api.batch import Batch, BatchAdded, BatchChanged, BatchRemoved, do_all
from forecourt.api.bodies import MAX_BATCH_BYTES
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.problems import Fault, Refusal
from forecourt.api.words import MAX_LONG, MAX_NUMBER, Line, Moment, Note, Search, Works, utc
from forecourt.asgi.csv import MEDIA_TYPE
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorization.model import IdToken, TokenFilter
from forecourt.domain.authorization.sheets import MOST_BYTES, SheetReader, SheetRefused, register_all
from forecourt.domain.drivers.model import DriverNumber
from forecourt.domain.services import Services

TagId = Annotated[str, PathParameter(description="The id tag, in either case (OCPP 1.6 §3.9).")]

DriverOf = Annotated[int, msgspec.Meta(ge=1, le=MAX_LONG)]

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]


class NewIdTag(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """An id tag to register. For the number of transactions at once, null means no limit."""

    id_tag: Line
    parent_id_tag: Line | None = None
    expiry_date: Moment | None = None
    blocked: bool = False
    max_active_transactions: Count | None = 1
    note: Note | None = None
    driver: DriverOf | None = None
    """The number of the driver whose tag it is."""

    def token(self) -> IdToken:
        return IdToken(
            id_token=self.id_tag,
            parent=self.parent_id_tag,
            expires_at=utc(self.expiry_date, "expiryDate"),
            is_blocked=self.blocked,
            max_active_transactions=self.max_active_transactions,
            note=self.note or "",
            driver=None if self.driver is None else DriverNumber(self.driver),
        )


class IdTagChange(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What to change; an absent field keeps its value, null clears it."""

    parent_id_tag: Line | UnsetType | None = UNSET
    expiry_date: Moment | UnsetType | None = UNSET
    blocked: bool | UnsetType = UNSET
    max_active_transactions: Count | UnsetType | None = UNSET
    note: Note | UnsetType | None = UNSET
    driver: DriverOf | UnsetType | None = UNSET

    def in_utc(self) -> Self:
        """The same change; raises Refusal for a time that cannot be used."""
        if self.expiry_date is UNSET:
            return self
        return msgspec.structs.replace(self, expiry_date=utc(self.expiry_date, "expiryDate"))

    def apply(self, services: Services, wanted: str) -> IdToken:
        """Of a change in UTC."""
        known = services.authorization.get(wanted)
        limit = self.max_active_transactions
        return services.authorization.replace(
            IdToken(
                id_token=known.id_token,
                parent=known.parent if self.parent_id_tag is UNSET else self.parent_id_tag,
                expires_at=known.expires_at if self.expiry_date is UNSET else self.expiry_date,
                is_blocked=known.is_blocked if self.blocked is UNSET else self.blocked,
                max_active_transactions=known.max_active_transactions if limit is UNSET else limit,
                note=known.note if self.note is UNSET else self.note or "",
                driver=known.driver if self.driver is UNSET else DriverNumber(self.driver) if self.driver else None,
            )
        )


class IdTagName(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """One of many id tags."""

    id_tag: Line


class NamedIdTagChange(IdTagChange, frozen=True, kw_only=True):
    """What to change of one of many id tags."""

    id_tag: Line


class IdTagView(msgspec.Struct, frozen=True, rename="camel"):
    """An id tag. ``parentIdTag`` is the label of its group."""

    id_tag: str
    parent_id_tag: str | None
    expiry_date: datetime | None
    blocked: bool
    max_active_transactions: int | None
    note: str
    driver: int | None


def show_tag(token: IdToken) -> IdTagView:
    return IdTagView(
        id_tag=token.id_token,
        parent_id_tag=token.parent,
        expiry_date=token.expires_at,
        blocked=token.is_blocked,
        max_active_transactions=token.max_active_transactions,
        note=token.note,
        driver=token.driver,
    )


class ImportedIdTags(msgspec.Struct, frozen=True):
    """How many id tags of a file were registered: all of them."""

    registered: int


@dataclass
class SheetOperation(Operation):
    """Says what the framework cannot see: the body is a file."""

    def __post_init__(self) -> None:
        file = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
        self.request_body = RequestBody(content={MEDIA_TYPE: file}, required=True, description="The file, in UTF-8.")


class IdTags(Controller):
    path = "/id-tags"
    tags = ("Id tags",)
    opt = access(view=Permission.VIEW, change=Permission.MANAGE)

    @post(summary="Register an id tag", operation_id="addIdTag")
    async def add(self, data: JSONBody[NewIdTag], workspace: Works) -> IdTagView:
        """Takes effect at once."""
        token = data.token()
        return show_tag(await workspace.write(lambda services: services.authorization.add(token)))

    @post(
        "/batch",
        status_code=200,
        summary="Register many id tags",
        operation_id="addIdTags",
        request_max_body_size=MAX_BATCH_BYTES,
    )
    async def add_batch(self, data: JSONBody[Batch], workspace: Works) -> BatchAdded:
        """Up to 10,000 items in at most 4 MiB. Every item is taken or refused by itself."""
        created, refused = await do_all(
            workspace,
            data,
            kind=NewIdTag,
            prepare=NewIdTag.token,
            do=lambda services, token: services.authorization.add(token).id_token,
            id_field="idTag",
        )
        return BatchAdded(created, refused)

    @post(
        "/import",
        status_code=200,
        summary="Register the id tags of a CSV file",
        operation_id="importIdTags",
        operation_class=SheetOperation,
        request_max_body_size=MOST_BYTES,
    )
    async def import_file(
        self,
        request: Request[Any, Any, Any],  # Any: as the framework hands it out
        workspace: Works,
    ) -> ImportedIdTags:
        """The body is the file, sent as `text/csv`: at most 5,000 id tags in 3 MiB. Its first line names the columns:
        `idTag`, and as you like `parent`, `expiresAt`, `maxActiveTransactions`, `note`, `driver` (by number or e-mail
        address) and `blocked`; the downloaded list has them too. A time without a zone is in UTC. It is taken whole or
        not at all; `errors` names the lines at fault."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
            sentence = f"The body must be the file itself: send it with the header 'Content-Type: {MEDIA_TYPE}'."
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence)
        sheet = SheetReader().read(await request.body())
        try:
            return ImportedIdTags(await workspace.write(lambda services: register_all(services, sheet)))
        except SheetRefused as refused:
            errors = [Fault(place, reason) for place, reason in refused.told]
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, refused.sentence, errors=errors) from refused

    @patch(summary="Change many id tags", operation_id="changeIdTags", request_max_body_size=MAX_BATCH_BYTES)
    async def change_batch(self, data: JSONBody[Batch], workspace: Works) -> BatchChanged:
        """Items hold the `idTag` and what to change. Up to 10,000, each taken or refused by itself."""
        changed, refused = await do_all(
            workspace,
            data,
            kind=NamedIdTagChange,
            prepare=NamedIdTagChange.in_utc,
            do=lambda services, item: item.apply(services, item.id_tag).id_token,
            id_field="idTag",
        )
        return BatchChanged(changed, refused)

    @post(
        "/removals",
        status_code=200,
        summary="Remove many id tags",
        operation_id="removeIdTags",
        request_max_body_size=MAX_BATCH_BYTES,
    )
    async def remove_batch(self, data: JSONBody[Batch], workspace: Works) -> BatchRemoved:
        """Items hold the `idTag`. Up to 10,000, each taken or refused by itself."""

        def remove(services: Services, name: IdTagName) -> str:
            services.authorization.remove(name.id_tag)
            return name.id_tag

        removed, refused = await do_all(
            workspace, data, kind=IdTagName, prepare=lambda name: name, do=remove, id_field="idTag"
        )
        return BatchRemoved(removed, refused)

    @get(summary="List id tags", operation_id="listIdTags")
    async def list_all(
        self,
        workspace: Works,
        page: Paging,
        *,
        search: Search = None,
        parent_id_tag: Annotated[
            str | None,
            QueryParameter(
                name="parentIdTag",
                max_length=255,
                pattern="^[^\\x00]*$",
                description="Only of this group.",
            ),
        ] = None,
        blocked: Annotated[bool | None, QueryParameter(description="Only blocked ones, or none.")] = None,
        expired: Annotated[bool | None, QueryParameter(description="Only expired ones, or none.")] = None,
        charging: Annotated[bool | None, QueryParameter(description="Only those of a transaction that runs.")] = None,
        driver: Annotated[
            int | None, QueryParameter(ge=1, le=MAX_LONG, description="Only those of this driver.")
        ] = None,
    ) -> Listing[IdTagView]:
        """Ordered by id tag. The search looks at id tags, groups and notes."""
        wanted = TokenFilter(
            search=search or None,
            group=parent_id_tag,
            is_blocked=blocked,
            is_expired=expired,
            is_charging=charging,
            driver=None if driver is None else DriverNumber(driver),
        )
        found = await workspace.read(lambda services: services.authorization.list(wanted, page))
        return listing(found, show_tag)

    @get("/{id_tag:str}", summary="Show an id tag", operation_id="getIdTag")
    async def show(self, id_tag: TagId, workspace: Works) -> IdTagView:
        wanted = from_path(id_tag)
        return show_tag(await workspace.read(lambda services: services.authorization.get(wanted)))

    @patch("/{id_tag:str}", summary="Change an id tag", operation_id="changeIdTag")
    async def change(self, id_tag: TagId, data: JSONBody[IdTagChange], workspace: Works) -> IdTagView:
        """Takes effect at the next Authorize or StartTransaction; nothing that runs is stopped."""
        wanted, change = from_path(id_tag), data.in_utc()
        return show_tag(await workspace.write(lambda services: change.apply(services, wanted)))

    @delete("/{id_tag:str}", summary="Remove an id tag", operation_id="removeIdTag")
    async def remove(self, id_tag: TagId, workspace: Works) -> None:
        """It is unknown from now on. Its transactions stay."""
        wanted = from_path(id_tag)
        await workspace.write(lambda services: services.authorization.remove(wanted))
