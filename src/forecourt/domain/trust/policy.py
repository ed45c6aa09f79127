"""What the policy of the operator may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.errors import Sentence, invalid
from forecourt.domain.trust.model import Policy, RevocationMode
from forecourt.pki.names import MAX_NAME, name_fault

MAX_ORGANISATION: Final = 255
MAX_ORGANISATIONS: Final = 100
MAX_LISTENERS: Final = 100
MAX_RENEW_BEFORE_DAYS: Final = 3650
MAX_RENEWALS_PER_MINUTE: Final = 100_000


def check_policy(policy: Policy) -> None:
    """Raises DomainError INVALID."""
    if policy.cpo_name is not None:
        _check_cpo_name(policy.cpo_name)
    if len(policy.trusted_organisations) > MAX_ORGANISATIONS:
        raise invalid(
            "At most {} organizations can be trusted beside the operator's own. One that is trusted for a few "
            "stations can be set on them.",
            MAX_ORGANISATIONS,
            field=_OTHERS,
        )
    for organisation in policy.trusted_organisations:
        _check_organisation(organisation, _OTHERS)
    _check_number(policy.renew_before_days, MAX_RENEW_BEFORE_DAYS, "renewBeforeDays")
    _check_number(policy.renewals_per_minute, MAX_RENEWALS_PER_MINUTE, "renewalsPerMinute")
    if len(policy.listeners) > MAX_LISTENERS:
        raise invalid("At most {} listeners can be named.", MAX_LISTENERS, field="listeners")
    for name, profiles in policy.listeners.items():
        _check_organisation(name, "listeners")
        if not profiles:
            raise invalid(
                "No station could come in at the listener {!r}; name the profiles that may, or leave the listener out "
                "so that all may.",
                name,
                field="listeners",
            )


def warnings_of(old: Policy, new: Policy) -> Iterator[Sentence]:
    """What an operator should know about a change: whatever protects less than before."""
    if _STRICTNESS[new.revocation] < _STRICTNESS[old.revocation]:
        yield Sentence(
            "revocation is {} now and was {}: {}", new.revocation.value, old.revocation.value, _MEANING[new.revocation]
        )
    if new.new_station_profile < old.new_station_profile:
        yield Sentence(
            "newStationProfile is {} now and was {}: new stations begin with less security.",
            int(new.new_station_profile),
            int(old.new_station_profile),
        )
    for name in sorted(old.listeners.keys() | new.listeners.keys()):
        before, after = old.listeners.get(name, _ALL), new.listeners.get(name, _ALL)
        lower = sorted(profile for profile in after if profile < min(before))
        if lower:
            names = ", ".join(str(int(profile)) for profile in lower)
            yield Sentence(
                "The listener {!r} takes lower security profiles than before, if it can carry them: {}.", name, names
            )
    for name in sorted(new.listeners.keys() - old.listeners.keys() - _USUAL):
        yield Sentence(
            "Whether there is a listener {!r} cannot be checked here, because every gateway has its own settings: "
            "compare the name with those, or the rule counts for nothing.",
            name,
        )


_ALL: Final = frozenset(SecurityProfile)
_USUAL: Final = frozenset({"ws", "wss"})
"""The names of the listeners that a gateway has without further settings."""
_STRICTNESS: Final = {RevocationMode.OFF: 0, RevocationMode.SOFT: 1, RevocationMode.HARD: 2}
_MEANING: Final = {
    RevocationMode.OFF: Sentence("lists and responders of outside CAs are not asked any more."),
    RevocationMode.SOFT: Sentence("a station gets in while it cannot be learned whether its certificate was revoked."),
}
_OTHERS: Final = "trustedOrganisations"


def _check_cpo_name(name: str) -> None:
    if name_fault(name) is not None:
        raise invalid(
            "The operator's name stands in certificates, as their organization (O), and {!r} cannot: it has 1 to {} "
            "characters that can be shown, and no spaces around it (RFC 5280 appendix A.1).",
            name[:50],
            MAX_NAME,
            field="cpoName",
        )


def _check_number(number: int, most: int, field: str) -> None:
    if not 1 <= number <= most:
        raise invalid("It must be between 1 and {}.", most, field=field)


def _check_organisation(name: str, field: str) -> None:
    if not name or len(name) > MAX_ORGANISATION or not name.isprintable() or name != name.strip():
        raise invalid(
            "A name has 1 to {} printable characters, without spaces around it; {!r} has not.",
            MAX_ORGANISATION,
            name[:50],
            field=field,
        )
