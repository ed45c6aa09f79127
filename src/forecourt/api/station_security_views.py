"""What decides whether a station may connect, as the REST interface shows it. Passwords are never shown, and their
hashes neither."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from forecourt.domain.admission.model import (
    AccessSheet,
    KeyForm,
    Leniency,
    Password,
    PasswordState,
    SecurityProfile,
    Upgrade,
    UpgradeState,
)
from forecourt.domain.admission.passwords import SetPassword
from forecourt.domain.admission.preconditions import Precondition
from forecourt.domain.errors import in_english

_SECRET: Final = {"readOnly": True, "format": "password"}


class PasswordView(msgspec.Struct, frozen=True, rename="camel"):
    """A password of a station, of which only a hash is kept."""

    number: int
    state: PasswordState
    generated: Annotated[bool, Meta(description="It was made here.")]
    form: Annotated[KeyForm | None, Meta(description="How the station shows it; null until it has connected with it.")]
    made_at: datetime
    errand: Annotated[int | None, Meta(description="What brings or brought it; null when it was set by hand.")]
    asked_by: str


class UpgradeView(msgspec.Struct, frozen=True, rename="camel"):
    """A higher profile that the station was asked to use. Until it has, the lower one is accepted as well."""

    profile: SecurityProfile
    state: UpgradeState
    errand: int | None
    since: datetime
    asked_by: str
    reset: Annotated[bool, Meta(description="The station is restarted once it has accepted.")]


class StationSecurityView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What decides whether a station may connect."""

    id: str
    security_profile: SecurityProfile
    accepted_profiles: Annotated[
        Sequence[SecurityProfile], Meta(description="The highest first: one, and two during an upgrade.")
    ]
    upgrade: UpgradeView | None
    passwords: Annotated[Sequence[PasswordView], Meta(description="In the order in which they were made.")]
    leniencies: Annotated[Sequence[Leniency], Meta(description="What is excused in this station.")]
    serial_number: Annotated[
        str | None, Meta(description="What its certificate must name; null for what it reports when it boots.")
    ]
    reported_serial_number: Annotated[str | None, Meta(description="What it told when it last booted.")]
    trusted_organisations: Annotated[
        Sequence[str], Meta(description="Organizations of its certificate beside those of the policy.")
    ]
    own_certificate: Annotated[
        bool, Meta(description="It has connected with a certificate of its own; its maker's is refused since.")
    ]
    presented: Annotated[
        str | None, Meta(description="What it showed beyond what its profile demands when it last connected.")
    ]
    warnings: Annotated[
        Sequence[str],
        Meta(description="What the profile that was just set by hand needs and is not known to be there; else empty."),
    ] = ()


class NewPasswordView(msgspec.Struct, frozen=True, rename="camel"):
    """A password that was set. One that was made here is shown this once."""

    number: int
    password: Annotated[str | None, Meta(description="As text; null when it was given.", extra_json_schema=_SECRET)]
    authorization_key: Annotated[
        str | None, Meta(description="As hexadecimal text; null when it was given.", extra_json_schema=_SECRET)
    ]
    warnings: Sequence[str]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(number={self.number}, ***)"


class PreconditionView(msgspec.Struct, frozen=True, rename="camel"):
    """One thing that a station needs before an upgrade."""

    name: str
    met: Annotated[bool | None, Meta(description="null when it cannot be known here.")]
    sentence: Annotated[str, Meta(description="What is so, and what to do.")]


def show_security(sheet: AccessSheet, warnings: Sequence[str] = ()) -> StationSecurityView:
    access = sheet.access
    return StationSecurityView(
        id=sheet.station.identity,
        security_profile=access.profile,
        accepted_profiles=access.profiles,
        upgrade=None if access.upgrade is None else _show_upgrade(access.upgrade),
        passwords=[_show_password(password) for password in access.passwords],
        leniencies=sorted(access.leniencies, key=lambda one: one.value),
        serial_number=access.serial_number,
        reported_serial_number=sheet.reported_serial,
        trusted_organisations=access.trusted_organisations,
        own_certificate=access.has_own_certificate,
        presented=access.presented,
        warnings=warnings,
    )


def show_new_password(found: SetPassword) -> NewPasswordView:
    key = found.key
    return NewPasswordView(
        found.number, None if key is None else key.text, None if key is None else key.hex, in_english(found.warnings)
    )


def show_precondition(found: Precondition) -> PreconditionView:
    return PreconditionView(found.name, found.is_met, str(found.sentence))


def _show_upgrade(upgrade: Upgrade) -> UpgradeView:
    return UpgradeView(
        upgrade.profile, upgrade.state, upgrade.errand, upgrade.since, upgrade.asked_by, upgrade.restarts
    )


def _show_password(password: Password) -> PasswordView:
    return PasswordView(
        number=password.number,
        state=password.state,
        generated=password.is_generated,
        form=password.form,
        made_at=password.made_at,
        errand=password.errand,
        asked_by=password.asked_by,
    )
