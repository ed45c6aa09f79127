"""How the own authority issues."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Controller, Response, get, post

from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorities.model import KeyFamily, OwnPolicy
from forecourt.domain.authorities.own_policy import hours_back
from forecourt.web.fields import MAX_NUMBER, Fields
from forecourt.web.language import gettext as _
from forecourt.web.visit import Typed, Visiting


class OwnPolicyPages(Controller):
    path = "/ca/policy"

    @get(permission=Permission.VIEW)
    async def show(self, visit: Visiting) -> Response[str]:
        policy = await visit.read(lambda services: services.own_ca.policy())
        return visit.show_form("security/ca_policy.html", form_of(policy), families=KeyFamily)

    @post(permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def change(self, visit: Visiting, form: Typed) -> Response[Any]:
        """What is there stays as it is; the domain says what cannot be."""
        with form.refusals():
            policy = policy_in(form)
            if policy is not None:
                await visit.write(lambda services: services.own_ca.set_policy(policy, asked_by=visit.asked_by))
                return visit.go("/ca/policy", _("It counts for what is made and signed from now on."))
        return visit.show_form("security/ca_policy.html", form, families=KeyFamily)


def form_of(policy: OwnPolicy) -> Fields:
    return Fields.of(
        organisation=policy.organisation,
        families=sorted(policy.families, key=lambda one: one.value),
        rootDays=policy.root_days,
        issuingDays=policy.issuing_days,
        stationDays=f"{policy.station_days:g}",
        serverDays=f"{policy.server_days:g}",
        backdatedHours=f"{policy.backdated.total_seconds() / 3600:g}",
        overlapDays=policy.overlap_days,
        crlHours=f"{policy.crl_hours:g}",
        usesPss=policy.uses_pss,
        keysInToken=policy.keys_in_token,
    )


def policy_in(form: Fields) -> OwnPolicy | None:
    """None when something in it cannot be read. Raises DomainError INVALID for what no duration can be."""
    families = {family.value: family for family in KeyFamily}
    chosen = frozenset(families[value] for value in form.all("families") if value in families)
    if not chosen:
        form.refuse("families", _("Choose at least one kind of key."))
    root, issuing = (form.number(name, low=1, is_required=True) for name in ("rootDays", "issuingDays"))
    overlap = form.number("overlapDays", low=1, is_required=True)
    station, server, crl, backdated = (
        form.decimal(name, low=0, high=MAX_NUMBER, is_required=True)
        for name in ("stationDays", "serverDays", "crlHours", "backdatedHours")
    )
    if root is None or issuing is None or overlap is None or not form.is_good:
        return None
    if station is None or server is None or crl is None or backdated is None:
        return None
    return OwnPolicy(
        organisation=form.maybe_text("organisation"),
        families=chosen,
        root_days=root,
        issuing_days=issuing,
        station_days=station,
        server_days=server,
        backdated=hours_back(backdated),
        overlap_days=overlap,
        uses_pss=form.flag("usesPss"),
        keys_in_token=form.flag("keysInToken"),
        crl_hours=crl,
    )
