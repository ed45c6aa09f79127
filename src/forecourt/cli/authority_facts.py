"""Authorities and the own one, as commands print them."""

from __future__ import annotations

from typing import Final

from forecourt.cli.output import Facts
from forecourt.domain.authorities.kinds import Setting
from forecourt.domain.authorities.model import (
    OWN,
    Authority,
    AuthorityKind,
    Choice,
    OwnDetail,
    OwnPolicy,
    OwnRevocation,
    OwnStatus,
)
from forecourt.domain.errors import in_english
from forecourt.domain.signing.model import Use

AUTHORITY_COLUMNS: Final = ("name", "kind", "enabled", "settings", "secretsSet", "addedBy", "addedAt")
AUTHORITY_SHOWN: Final = ("name", "kind", "enabled", "settings")
SETTING_COLUMNS: Final = ("kind", "setting", "secret", "required", "description")
OWN_COLUMNS: Final = (
    *("fingerprint", "family", "rank", "phase", "subject", "serial", "issuerHash", "notBefore", "notAfter"),
    *("keyKind", "issuedBy", "cross", "inToken", "address", "madeAt", "listNumber", "listUntil", "below"),
)
OWN_SHOWN: Final = ("family", "rank", "phase", "subject", "notAfter", "listUntil", "below", "fingerprint")
OWN_REVOKED_COLUMNS: Final = ("issuerHash", "serial", "subject", "reason", "revokedBy", "revokedAt", "notAfter")
_LONGEST: Final = 60
"""Characters of a setting in a table; roots are long."""


def authority_facts(authority: Authority) -> Facts:
    return {
        "name": authority.name,
        "kind": authority.kind.value,
        "enabled": authority.is_enabled,
        "settings": [f"{name}={_short(value)}" for name, value in sorted(authority.settings.items())],
        "secretsSet": sorted(authority.secrets_set),
        "addedBy": authority.added_by,
        "addedAt": authority.added_at,
    }


def setting_facts(of: tuple[AuthorityKind, Setting]) -> Facts:
    kind, setting = of
    return {
        "kind": kind.value,
        "setting": setting.name,
        "secret": setting.is_secret,
        "required": setting.is_required,
        "description": setting.description,
    }


def choice_facts(choice: Choice) -> Facts:
    return {
        **{use.value: choice.defaults.get(use, OWN) for use in Use},
        "byGroup": [f"{group}={name}" for group, name in sorted(choice.by_group.items())],
    }


def own_status_facts(status: OwnStatus) -> Facts:
    return {
        "organisation": status.organisation,
        "rolls": [f"{family.value} {rank.value}" for family, rank in status.rolls],
        "usesToken": status.uses_token,
        "troubles": in_english(status.troubles),
    }


def own_facts(detail: OwnDetail) -> Facts:
    own, certificate = detail.own, detail.own.certificate
    return {
        "fingerprint": certificate.fingerprint,
        "family": own.family.value,
        "rank": own.rank.value,
        "phase": own.phase.value,
        "subject": certificate.subject,
        "serial": certificate.serial,
        "issuerHash": certificate.issuer_hash,
        "notBefore": certificate.not_before,
        "notAfter": certificate.not_after,
        "keyKind": certificate.key_kind,
        "issuedBy": own.issuer,
        "cross": None if own.cross is None else own.cross.fingerprint,
        "inToken": own.is_in_token,
        "address": own.address,
        "madeAt": own.made_at,
        "listNumber": None if detail.list is None else detail.list.number,
        "listUntil": None if detail.list is None else detail.list.next_update,
        "below": detail.below,
    }


def own_policy_facts(policy: OwnPolicy) -> Facts:
    return {
        "organisation": policy.organisation,
        "families": sorted(family.value for family in policy.families),
        "rootDays": policy.root_days,
        "issuingDays": policy.issuing_days,
        "stationDays": policy.station_days,
        "serverDays": policy.server_days,
        "backdatedHours": policy.backdated.total_seconds() / 3600,
        "overlapDays": policy.overlap_days,
        "usesPss": policy.uses_pss,
        "keysInToken": policy.keys_in_token,
        "crlHours": policy.crl_hours,
    }


def own_revocation_facts(revocation: OwnRevocation) -> Facts:
    return {
        "issuerHash": revocation.issuer_hash,
        "serial": revocation.serial,
        "subject": revocation.subject,
        "reason": revocation.reason.value,
        "revokedBy": revocation.revoked_by,
        "revokedAt": revocation.revoked_at,
        "notAfter": revocation.not_after,
    }


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
