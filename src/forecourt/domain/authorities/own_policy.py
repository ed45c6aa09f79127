"""How the own authority may issue."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from forecourt.domain.authorities.model import OwnPolicy
from forecourt.domain.errors import DomainError, invalid
from forecourt.pki.names import MAX_NAME, name_fault

LONGEST_DAYS: Final = 366 * 100
LONGEST_BACK: Final = timedelta(days=30)
LONGEST_LIST_HOURS: Final = 24.0 * 90
SHORTEST_LIST_HOURS: Final = 0.1
SHORTEST_LEAF_DAYS: Final = 1 / 24
LIVES: Final = 2
"""An issuing CA lives this many times as long as what it signs, so that it need not be replaced all the time."""


def check_policy(policy: OwnPolicy) -> None:
    """Raises DomainError INVALID."""
    if not policy.families:
        raise invalid("The own authority needs keys of one family at least: rsa, ecdsa, or both.", field="families")
    if policy.organisation is not None and name_fault(policy.organisation) is not None:
        raise invalid(
            "The organization stands in CA certificates, and {!r} cannot: it has 1 to {} characters that can be "
            "shown, and no spaces around it (RFC 5280 appendix A.1).",
            policy.organisation[:50],
            MAX_NAME,
            field="organisation",
        )
    _check(policy.root_days, "rootDays", least=2, most=LONGEST_DAYS)
    _check(policy.issuing_days, "issuingDays", least=1, most=policy.root_days)
    _check(policy.overlap_days, "overlapDays", least=0, most=policy.issuing_days)
    _check(policy.station_days, "stationDays", least=SHORTEST_LEAF_DAYS, most=policy.issuing_days / LIVES)
    _check(policy.server_days, "serverDays", least=SHORTEST_LEAF_DAYS, most=policy.issuing_days / LIVES)
    _check(policy.crl_hours, "crlHours", least=SHORTEST_LIST_HOURS, most=LONGEST_LIST_HOURS)
    if not timedelta(0) <= policy.backdated <= LONGEST_BACK:
        raise _too_far_back()


def hours_back(hours: float) -> timedelta:
    """`OwnPolicy.backdated` as people say it. Raises DomainError INVALID for what no duration can be."""
    try:
        return timedelta(hours=hours)
    except (OverflowError, ValueError) as error:
        raise _too_far_back() from error


def _too_far_back() -> DomainError:
    return invalid("notBefore can be set back by 0 to 720 hours.", field="backdatedHours")


def _check(value: float, name: str, *, least: float, most: float) -> None:
    if not least <= value <= most:
        raise invalid("{} must be {:.4g} to {:.6g}, and is {:.6g}.", name, least, most, value, field=name)
