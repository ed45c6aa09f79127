"""Commands for what the operator decides for the security of all stations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from forecourt.cli.office import Office
from forecourt.cli.options import Json
from forecourt.cli.output import Facts, print_facts, print_json, warn
from forecourt.cli.who import command_line_user
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.errors import invalid
from forecourt.domain.trust.model import Policy, RevocationMode


def policy_facts(policy: Policy) -> Facts:
    return {
        "cpoName": policy.cpo_name,
        "trustedOrganisations": policy.trusted_organisations,
        "newStationProfile": int(policy.new_station_profile),
        "revocation": policy.revocation.value,
        "listeners": [
            f"{name}={','.join(str(int(profile)) for profile in sorted(profiles))}"
            for name, profiles in sorted(policy.listeners.items())
        ],
        "renewBeforeDays": policy.renew_before_days,
        "renewalsPerMinute": policy.renewals_per_minute,
    }


def policy_commands(office: Office) -> typer.Typer:
    """The group ``forecourt policy``."""
    commands = typer.Typer(no_args_is_help=True, help="What holds for the security of all stations.")

    @commands.command()
    def show(as_json: Json = False) -> None:
        """Show the policy."""
        facts = policy_facts(office.read(lambda services: services.trust.policy()))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command("set")
    def change(
        *,
        cpo_name: Annotated[
            str | None, typer.Option(metavar="NAME", help="The organization (O) of the operator; empty for none.")
        ] = None,
        trust: Annotated[
            list[str] | None, typer.Option(metavar="NAME", help="One more organization that is trusted.")
        ] = None,
        distrust: Annotated[
            list[str] | None, typer.Option(metavar="NAME", help="One that is no longer trusted.")
        ] = None,
        new_station_profile: Annotated[
            int | None, typer.Option(min=0, max=3, help="The security profile of new stations.")
        ] = None,
        revocation: Annotated[
            RevocationMode | None, typer.Option(help="What CRLs and OCSP of outside CAs count for.")
        ] = None,
        listener: Annotated[
            list[str] | None,
            typer.Option(
                metavar="NAME=0,1",
                help="The profiles that may come in at the listener of this name in the settings (ws and wss unless "
                "they say otherwise); NAME= for all that it can.",
            ),
        ] = None,
        renew_before_days: Annotated[
            int | None, typer.Option(min=1, help="Days before its end when a certificate of a station is renewed.")
        ] = None,
        renewals_per_minute: Annotated[
            int | None, typer.Option(min=1, help="Renewals that are begun within a minute at most.")
        ] = None,
    ) -> None:
        """Change what is given and leave the rest as it is. Counts from the next handshake on."""
        rules = _rules(listener or [])

        def applied(known: Policy) -> Policy:
            others = [one for one in known.trusted_organisations if one not in (distrust or [])]
            listeners = {name: profiles for name, profiles in {**known.listeners, **rules}.items() if profiles}
            return replace(
                known,
                cpo_name=known.cpo_name if cpo_name is None else cpo_name or None,
                trusted_organisations=tuple(dict.fromkeys([*others, *(trust or [])])),
                new_station_profile=known.new_station_profile
                if new_station_profile is None
                else SecurityProfile(new_station_profile),
                revocation=revocation or known.revocation,
                listeners=listeners,
                renew_before_days=renew_before_days or known.renew_before_days,
                renewals_per_minute=renewals_per_minute or known.renewals_per_minute,
            )

        who = command_line_user()
        changed = office.write(lambda services: services.trust.change_policy(applied, asked_by=who))
        print_facts(policy_facts(changed.policy))
        warn(changed.warnings)

    return commands


def _rules(texts: Sequence[str]) -> dict[str, frozenset[SecurityProfile]]:
    """Profiles by listener, none for all that it can carry. Raises DomainError INVALID."""
    rules = {}
    for text in texts:
        name, mark, numbers = text.rpartition("=")
        try:
            profiles = frozenset(SecurityProfile(int(number)) for number in numbers.split(",") if number)
        except ValueError:
            profiles, mark = frozenset(), ""
        if not mark or not name:
            sentence = f"{text!r} names no listener with its security profiles (0 to 3); write it like wss=2,3."
            raise invalid(sentence, field="--listener")
        rules[name] = profiles
    return rules
