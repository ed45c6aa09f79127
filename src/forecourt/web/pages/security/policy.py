"""The security policy: what the operator decides for all stations."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post

from forecourt.domain.access.permissions import Permission
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.services import Services
from forecourt.domain.trust.model import Policy, RevocationMode
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.lists import told
from forecourt.web.visit import Typed, Visit, Visiting

USUAL: Final = ("ws", "wss")
"""The names of the listeners that a gateway has without further settings."""
MAX_LISTENERS: Final = 100


class SecurityPolicyPages(Controller):
    path = "/security-policy"

    @get(permission=Permission.VIEW)
    async def show(self, visit: Visiting) -> Response[str]:
        policy = await visit.read(lambda services: services.trust.policy())
        return await _page(visit, form_of(policy), policy)

    @post(permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def change(self, visit: Visiting, form: Typed) -> Response[Any]:
        """The whole of it. What protects less than before is told."""
        known = await visit.read(lambda services: services.trust.policy())
        policy = policy_in(form, known)
        if form.is_good:
            with form.refusals():
                changed = await visit.write(lambda services: services.trust.set_policy(policy, asked_by=visit.asked_by))
                done = _("The policy counts from the next handshake on, and for links that are open.")
                return visit.go("/security-policy", told(done, changed.warnings))
        return await _page(visit, form, known)


def form_of(policy: Policy) -> Fields:
    rules: dict[str, object] = {
        f"listeners.{name}": [str(int(profile)) for profile in sorted(profiles)]
        for name, profiles in policy.listeners.items()
    }
    return Fields.of(
        cpoName=policy.cpo_name,
        trustedOrganisations="\n".join(policy.trusted_organisations),
        newStationProfile=int(policy.new_station_profile),
        revocation=policy.revocation,
        renewBeforeDays=policy.renew_before_days,
        renewalsPerMinute=policy.renewals_per_minute,
        limited=sorted(policy.listeners),
        **rules,
    )


def policy_in(form: Fields, known: Policy) -> Policy:
    """What was typed; what is wrong is noted in the form."""
    profile = form.number("newStationProfile", low=0, high=3, is_required=True)
    days, rate = (form.number(name, low=1, is_required=True) for name in ("renewBeforeDays", "renewalsPerMinute"))
    organisations = [line.strip() for line in form.text("trustedOrganisations", most=100_000).splitlines()]
    limited = [*form.all("limited")[:MAX_LISTENERS], *([other] if (other := form.text("otherListener")) else [])]
    listeners = {name: _profiles(form, "other" if name == other else name) for name in limited}
    return Policy(
        cpo_name=form.maybe_text("cpoName"),
        trusted_organisations=tuple(line for line in organisations if line),
        new_station_profile=known.new_station_profile if profile is None else SecurityProfile(profile),
        revocation=form.choice("revocation", RevocationMode, is_required=True) or known.revocation,
        listeners=listeners,
        renew_before_days=days or known.renew_before_days,
        renewals_per_minute=rate or known.renewals_per_minute,
    )


def _profiles(form: Fields, name: str) -> frozenset[SecurityProfile]:
    known = {str(int(profile)): profile for profile in SecurityProfile}
    return frozenset(known[value] for value in form.all(f"listeners.{name}") if value in known)


async def _page(visit: Visit, form: Fields, known: Policy) -> Response[str]:
    def read(services: Services) -> Sequence[str]:
        return [one.listener for one in services.presence.counts() if one.listener]

    seen = await visit.read(read)
    names = sorted({*USUAL, *seen, *known.listeners})
    return visit.show_form("security/policy.html", form, profiles=SecurityProfile, modes=RevocationMode, names=names)
