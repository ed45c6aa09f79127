"""What the operator decides for the security of all stations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from litestar import Controller, get, patch, put
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.words import Line, Works
from forecourt.domain.access.permissions import Permission
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.errors import in_english
from forecourt.domain.trust.model import ChangedPolicy, Policy, RevocationMode

_CPO_NAME = "The organization (O) of the operator's certificates, which is also CpoName on stations; null for none."
_OTHERS = "Other organizations (O) whose certificates stations may have, such as makers."
_NEW = "The security profile of a station that is registered without one."
_REVOCATION = "What the CRLs and OCSP responders of outside CAs count for."
_LISTENERS = (
    "Which security profiles may come in at a listener, by its name in the settings of the gateways (ws and wss unless "
    "they say otherwise); one that is not named takes all it can. A name that no gateway has counts for nothing."
)

_BEFORE = "So many days before its end a certificate of a station is renewed, or when a third of its life is left."
_PER_MINUTE = "So many renewals of certificates of stations are begun within a minute at most."


class NewSecurityPolicy(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The whole policy: nothing is left out, so that nothing is lowered by being forgotten."""

    cpo_name: Annotated[Line | None, Meta(description=_CPO_NAME)]
    trusted_organisations: Annotated[list[Line], Meta(description=_OTHERS)]
    new_station_profile: Annotated[SecurityProfile, Meta(description=_NEW)]
    revocation: Annotated[RevocationMode, Meta(description=_REVOCATION)]
    listeners: Annotated[dict[str, list[SecurityProfile]], Meta(description=_LISTENERS)]
    renew_before_days: Annotated[int, Meta(description=_BEFORE)]
    renewals_per_minute: Annotated[int, Meta(description=_PER_MINUTE)]

    def policy(self) -> Policy:
        return Policy(
            cpo_name=self.cpo_name,
            trusted_organisations=tuple(self.trusted_organisations),
            new_station_profile=self.new_station_profile,
            revocation=self.revocation,
            listeners=_rules(self.listeners),
            renew_before_days=self.renew_before_days,
            renewals_per_minute=self.renewals_per_minute,
        )


class SecurityPolicyChange(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What to change; an absent field keeps its value."""

    cpo_name: Annotated[Line | UnsetType | None, Meta(description=_CPO_NAME)] = UNSET
    trusted_organisations: Annotated[list[Line] | UnsetType, Meta(description=_OTHERS)] = UNSET
    new_station_profile: Annotated[SecurityProfile | UnsetType, Meta(description=_NEW)] = UNSET
    revocation: Annotated[RevocationMode | UnsetType, Meta(description=_REVOCATION)] = UNSET
    listeners: Annotated[dict[str, list[SecurityProfile]] | UnsetType, Meta(description=_LISTENERS)] = UNSET
    renew_before_days: Annotated[int | UnsetType, Meta(description=_BEFORE)] = UNSET
    renewals_per_minute: Annotated[int | UnsetType, Meta(description=_PER_MINUTE)] = UNSET

    def applied(self, known: Policy) -> Policy:
        others, profile, mode = self.trusted_organisations, self.new_station_profile, self.revocation
        days, rate = self.renew_before_days, self.renewals_per_minute
        return Policy(
            cpo_name=known.cpo_name if self.cpo_name is UNSET else self.cpo_name,
            trusted_organisations=known.trusted_organisations if others is UNSET else tuple(others),
            new_station_profile=known.new_station_profile if profile is UNSET else profile,
            revocation=known.revocation if mode is UNSET else mode,
            listeners=known.listeners if self.listeners is UNSET else _rules(self.listeners),
            renew_before_days=known.renew_before_days if days is UNSET else days,
            renewals_per_minute=known.renewals_per_minute if rate is UNSET else rate,
        )


def _rules(listeners: Mapping[str, Sequence[SecurityProfile]]) -> dict[str, frozenset[SecurityProfile]]:
    return {name: frozenset(profiles) for name, profiles in listeners.items()}


class SecurityPolicyView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What the operator decides for the security of all stations."""

    cpo_name: Annotated[str | None, Meta(description=_CPO_NAME)]
    trusted_organisations: Annotated[Sequence[str], Meta(description=_OTHERS)]
    new_station_profile: Annotated[SecurityProfile, Meta(description=_NEW)]
    revocation: Annotated[RevocationMode, Meta(description=_REVOCATION)]
    listeners: Annotated[Mapping[str, Sequence[SecurityProfile]], Meta(description=_LISTENERS)]
    renew_before_days: Annotated[int, Meta(description=_BEFORE)]
    renewals_per_minute: Annotated[int, Meta(description=_PER_MINUTE)]


class ChangedSecurityPolicyView(SecurityPolicyView, frozen=True, rename="camel", kw_only=True):
    """The policy after a change."""

    warnings: Annotated[Sequence[str], Meta(description="Whatever protects less than before.")]


def show_policy(policy: Policy) -> SecurityPolicyView:
    return SecurityPolicyView(
        cpo_name=policy.cpo_name,
        trusted_organisations=policy.trusted_organisations,
        new_station_profile=policy.new_station_profile,
        revocation=policy.revocation,
        listeners={name: sorted(profiles) for name, profiles in sorted(policy.listeners.items())},
        renew_before_days=policy.renew_before_days,
        renewals_per_minute=policy.renewals_per_minute,
    )


def show_changed(changed: ChangedPolicy) -> ChangedSecurityPolicyView:
    return ChangedSecurityPolicyView(
        **msgspec.structs.asdict(show_policy(changed.policy)), warnings=in_english(changed.warnings)
    )


class SecurityPolicies(Controller):
    path = "/security-policy"
    tags = ("Trust",)
    opt = access(view=Permission.VIEW, change=Permission.SECURITY)

    @get(summary="Show the security policy", operation_id="getSecurityPolicy")
    async def show(self, workspace: Works) -> SecurityPolicyView:
        """What holds for all stations."""
        return show_policy(await workspace.read(lambda services: services.trust.policy()))

    @put(summary="Set the security policy", operation_id="setSecurityPolicy")
    async def replace(
        self, data: JSONBody[NewSecurityPolicy], workspace: Works, asked_by: AskedBy
    ) -> ChangedSecurityPolicyView:
        """Counts from the next handshake on, and for connections that are open. Every field must be given; to change
        some of them there is PATCH."""
        policy = data.policy()
        changed = await workspace.write(lambda services: services.trust.set_policy(policy, asked_by=asked_by))
        return show_changed(changed)

    @patch(summary="Change the security policy", operation_id="changeSecurityPolicy")
    async def change(
        self, data: JSONBody[SecurityPolicyChange], workspace: Works, asked_by: AskedBy
    ) -> ChangedSecurityPolicyView:
        """Changes the fields that are given. Counts from the next handshake on, and for connections that are open."""
        changed = await workspace.write(lambda services: services.trust.change_policy(data.applied, asked_by=asked_by))
        return show_changed(changed)
