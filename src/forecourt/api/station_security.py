"""What decides whether a station may connect: its security profile, its passwords, and what is excused in it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Final

import msgspec
from litestar import Controller, get, patch, post, put
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.paging import Listing, listing
from forecourt.api.station_security_views import (
    NewPasswordView,
    PreconditionView,
    StationSecurityView,
    show_new_password,
    show_precondition,
    show_security,
)
from forecourt.api.stations import StationId
from forecourt.api.words import MAX_LONG, Line, Works
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.admission.keys import MOST_BYTES_BY_HAND, read_password
from forecourt.domain.admission.model import Leniency, PasswordNumber, SecurityProfile
from forecourt.domain.admission.passwords import SetPassword
from forecourt.domain.admission.preconditions import Precondition
from forecourt.domain.admission.service import KEPT
from forecourt.domain.errors import in_english, invalid, not_found
from forecourt.domain.paging import Page
from forecourt.domain.services import Services

_PATH: Final = "/stations/{station_id:str}"

_SECRET: Final = {"writeOnly": True, "format": "password"}
_HASHING: Final = ThreadPoolExecutor(2, "new-password")
"""A slow hash takes a core and some 50 MB: neither the event loop nor a unit of work waits for it, and not more than
two are made at once, however many are asked for."""

Number = Annotated[int, PathParameter(description="The number of a password.")]


class SecurityChange(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What to change; an absent field keeps its value, null clears it."""

    profile: Annotated[
        SecurityProfile | UnsetType,
        Meta(description="The profile, set by hand: the station must have it already, or get it in another way."),
    ] = UNSET
    lower: Annotated[
        bool, Meta(description="True says that a lower `profile`, which is given with it, is meant (A00.FR.005).")
    ] = False
    new_device: Annotated[
        bool,
        Meta(
            description="Another device stands there now: it may come with its maker's certificate, and the serial"
            " number that its certificate must name is the one that is given with this, or none yet (A00.FR.405, 406)."
        ),
    ] = False
    give_up_upgrade: Annotated[bool, Meta(description="Accept only the present profile again.")] = False
    leniencies: Annotated[list[Leniency] | UnsetType, Meta(description="What is excused in this station.")] = UNSET
    serial_number: Annotated[Line | UnsetType | None, Meta(description="What its certificate must name.")] = UNSET
    trusted_organisations: Annotated[
        list[Line] | UnsetType,
        Meta(description="Organizations of its certificate beside those of the policy; at most 20."),
    ] = UNSET

    def apply(self, services: Services, identity: str, asked_by: str) -> StationSecurityView:
        if self.lower and self.profile is UNSET:
            raise invalid("Say to which profile it is to be lowered.", field="profile")
        station = services.provisioning.get_station(identity)
        warnings: tuple[str, ...] = ()
        if self.give_up_upgrade and self.profile is not UNSET:
            raise invalid("Setting a profile ends an upgrade anyway; say one of the two.", field="giveUpUpgrade")
        if self.give_up_upgrade:
            services.profile_upgrades.give_up(station, asked_by)
        if self.new_device:
            services.admissions.replace_device(station, asked_by)
        services.admissions.change(
            station,
            leniencies=KEPT if self.leniencies is UNSET else frozenset(self.leniencies),
            serial_number=KEPT if self.serial_number is UNSET else self.serial_number,
            trusted_organisations=KEPT if self.trusted_organisations is UNSET else tuple(self.trusted_organisations),
            asked_by=asked_by,
        )
        if self.profile is not UNSET:
            warnings = in_english(services.profile_upgrades.doubts(station, self.profile))
            services.admissions.set_profile(station, self.profile, may_lower=self.lower, asked_by=asked_by)
        return show_security(services.admissions.sheet(station), warnings)


class NewPassword(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A password; with neither field one is made."""

    password: Annotated[
        Annotated[str, Meta(max_length=MOST_BYTES_BY_HAND)] | UnsetType,
        Meta(
            description="As text, 1 to 255 bytes in UTF-8; 16 to 20 are advised (A00.FR.205).",
            extra_json_schema=_SECRET,
        ),
    ] = UNSET
    authorization_key: Annotated[
        Annotated[str, Meta(max_length=2 * MOST_BYTES_BY_HAND)] | UnsetType,
        Meta(description="As hexadecimal text, two digits for each byte.", extra_json_schema=_SECRET),
    ] = UNSET

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    def secret(self) -> bytes | None:
        """The bytes; None when one is to be made. Raises DomainError INVALID."""
        return read_password(
            text=None if self.password is UNSET else self.password,
            authorization_key=None if self.authorization_key is UNSET else self.authorization_key,
        )


class StationSecurity(Controller):
    tags = ("Station security",)
    opt = access(view=Permission.VIEW, change=Permission.SECURITY)

    @get(f"{_PATH}/security", summary="Show what a station may connect with", operation_id="getStationSecurity")
    async def show(self, station_id: StationId, workspace: Works) -> StationSecurityView:
        """Passwords are listed by their number; nobody can see them."""
        identity = from_path(station_id)

        def work(services: Services) -> StationSecurityView:
            return show_security(services.admissions.sheet(services.provisioning.get_station(identity)))

        return await workspace.read(work)

    @patch(f"{_PATH}/security", summary="Change what a station may connect with", operation_id="changeStationSecurity")
    async def change(
        self, station_id: StationId, data: JSONBody[SecurityChange], workspace: Works, asked_by: AskedBy
    ) -> StationSecurityView:
        """Takes effect at once: a connection with another profile is closed. Nothing is sent to the station; ask for
        UpgradeSecurityProfile to have it use a higher profile. Raised by hand, what the profile needs and is not known
        to be there is told as warnings."""
        identity = from_path(station_id)
        return await workspace.write(lambda services: data.apply(services, identity, asked_by))

    @put(f"{_PATH}/password", summary="Set the password of a station", operation_id="putStationPassword")
    async def set_password(
        self, station_id: StationId, data: JSONBody[NewPassword], workspace: Works, asked_by: AskedBy
    ) -> NewPasswordView:
        """It counts at once, and no other one does. Nothing is sent: ask for ChangePassword to have a station that is
        connected take a new one. What is made here is shown in this answer and never again."""
        identity = from_path(station_id)
        secret = data.secret()
        preparer = await workspace.read(lambda services: services.passwords.preparer)
        prepared = await asyncio.get_running_loop().run_in_executor(_HASHING, preparer.prepare, secret)

        def work(services: Services) -> SetPassword:
            return services.passwords.set(services.provisioning.get_station(identity), prepared, asked_by)

        return show_new_password(await workspace.write(work))

    @post(
        f"{_PATH}/passwords/{{number:int}}/keep",
        status_code=200,
        summary="Decide that a station has a password",
        operation_id="keepStationPassword",
    )
    async def keep(
        self, station_id: StationId, number: Number, workspace: Works, asked_by: AskedBy
    ) -> StationSecurityView:
        """For one whose delivery is in doubt, and for a former one that the station goes on to use. No other one is
        accepted from now on."""
        return await _decide(workspace, station_id, number, asked_by, keep=True)

    @post(
        f"{_PATH}/passwords/{{number:int}}/drop",
        status_code=200,
        summary="Decide that a station does not have a password",
        operation_id="dropStationPassword",
    )
    async def drop(
        self, station_id: StationId, number: Number, workspace: Works, asked_by: AskedBy
    ) -> StationSecurityView:
        """It is accepted no more, and counts after all if the station says later that it took it; one that was former
        before is forgotten. The one that counts cannot be dropped; set another one."""
        return await _decide(workspace, station_id, number, asked_by, keep=False)

    @get(
        f"{_PATH}/security/preconditions",
        summary="Show what a station needs for a higher profile",
        operation_id="listPreconditions",
    )
    async def preconditions(
        self,
        station_id: StationId,
        workspace: Works,
        profile: Annotated[
            SecurityProfile | None,
            QueryParameter(description="The profile that it is to use; without it the next higher one."),
        ] = None,
    ) -> Listing[PreconditionView]:
        """All in one page, in the order in which they are arranged (security whitepaper A05.FR.02–04)."""
        identity = from_path(station_id)

        def work(services: Services) -> Page[Precondition]:
            station = services.provisioning.get_station(identity)
            present = services.admissions.access(station).profile
            wanted = SecurityProfile(min(present + 1, max(SecurityProfile))) if profile is None else profile
            return Page(services.profile_upgrades.preconditions(station, wanted), None)

        return listing(await workspace.read(work), show_precondition)


async def _decide(workspace: Works, station_id: str, number: int, asked_by: str, *, keep: bool) -> StationSecurityView:
    identity = from_path(station_id)
    if not 0 < number <= MAX_LONG:
        raise not_found(f"There is no password {number}.")

    def work(services: Services) -> StationSecurityView:
        station = services.provisioning.get_station(identity)
        services.passwords.decide(station, PasswordNumber(number), keep=keep, asked_by=asked_by)
        return show_security(services.admissions.sheet(station))

    return await workspace.write(work)
