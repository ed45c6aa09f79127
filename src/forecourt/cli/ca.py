"""Commands for the system's own certificate authority."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final

import typer

from forecourt.cli.authority_facts import (
    OWN_COLUMNS,
    OWN_REVOKED_COLUMNS,
    OWN_SHOWN,
    own_facts,
    own_policy_facts,
    own_revocation_facts,
    own_status_facts,
)
from forecourt.cli.consent import ask_consent
from forecourt.cli.files import read_pem
from forecourt.cli.office import Office, form_of
from forecourt.cli.options import Csv, Fingerprint, Json, Yes
from forecourt.cli.output import print_facts, print_json, warn
from forecourt.cli.who import command_line_user
from forecourt.domain.authorities.model import KeyFamily, OwnPolicy, Rank
from forecourt.domain.authorities.own_policy import hours_back
from forecourt.domain.errors import invalid
from forecourt.domain.paging import Page
from forecourt.domain.services import Services
from forecourt.domain.trust.revocations import read_revoked
from forecourt.pki.certificate import MAX_CERTIFICATE
from forecourt.pki.reasons import Reason

Family = Annotated[KeyFamily, typer.Option(help="In which hierarchy.")]

_SOON: Final = "The running system makes it within seconds; see it with: forecourt ca show"


def ca_commands(office: Office) -> typer.Typer:
    """The group ``forecourt ca``."""
    commands = typer.Typer(no_args_is_help=True, help="The system's own certificate authority.")
    _hierarchy_commands(commands, office)
    _replacing_commands(commands, office)
    _revoking_commands(commands, office)
    _policy_command(commands, office)
    return commands


def _hierarchy_commands(commands: typer.Typer, office: Office) -> None:
    @commands.command()
    def show(as_json: Json = False, as_csv: Csv = False) -> None:
        """List roots and issuing CAs, oldest first."""
        office.print_list(
            lambda services, page: Page(services.own_ca.details(), None),
            own_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=OWN_COLUMNS,
            shown=OWN_SHOWN,
        )

    @commands.command()
    def status(as_json: Json = False) -> None:
        """Show whose name CA certificates bear, what is being made, and what somebody has to see to."""
        facts = own_status_facts(office.read(lambda services: services.own_ca.status()))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def create(
        organisation: Annotated[
            str | None, typer.Option(help="Whose name CA certificates bear, if not the operator's of the policy.")
        ] = None,
    ) -> None:
        """Have the hierarchy made now, and not when the first certificate is asked for."""
        who = command_line_user()

        def created(services: Services) -> None:
            own_ca = services.own_ca
            if organisation is not None:
                own_ca.set_policy(replace(own_ca.policy(), organisation=organisation), asked_by=who)
            own_ca.create(asked_by=who)

        office.write(created)
        print(_SOON)

    @commands.command()
    def export(
        fingerprint: Fingerprint,
        cross: Annotated[bool, typer.Option("--cross", help="What the root before it signed for it.")] = False,
    ) -> None:
        """Print a CA certificate as PEM. Keys never leave."""

        def found(services: Services) -> str:
            own_ca = services.own_ca
            return (own_ca.cross(fingerprint) if cross else own_ca.certificate(fingerprint).certificate).pem

        print(office.read(found), end="")


def _replacing_commands(commands: typer.Typer, office: Office) -> None:
    @commands.command("roll-issuing")
    def roll_issuing(family: Family) -> None:
        """Have a new issuing CA take the place of the one in force."""
        who = command_line_user()
        office.write(lambda services: services.own_ca.roll_issuing(family, asked_by=who))
        print(_SOON)

    @commands.command("roll-root")
    def roll_root(family: Family) -> None:
        """Have the next root made. It is trusted at once, and signs when it is activated."""
        who = command_line_user()
        office.write(lambda services: services.own_ca.roll_root(family, asked_by=who))
        print(_SOON)

    @commands.command("cancel-roll")
    def cancel_roll(family: Family, rank: Annotated[Rank, typer.Option(help="root or issuing.")]) -> None:
        """Take back a new CA that was asked for and is not made yet."""
        who = command_line_user()
        office.write(lambda services: services.own_ca.cancel_roll(family, rank, asked_by=who))

    @commands.command()
    def activate(fingerprint: Fingerprint, yes: Yes = False) -> None:
        """Put the next root in force."""
        ask_consent("Have everything that is signed from now on lead to this root?", is_given=yes)
        who = command_line_user()
        warn(office.write(lambda services: services.own_ca.activate(fingerprint, asked_by=who)))

    @commands.command()
    def retire(
        fingerprint: Fingerprint,
        despite: Annotated[bool, typer.Option("--despite", help="Although certificates below it are good.")] = False,
        yes: Yes = False,
    ) -> None:
        """Give up a CA that signs no more: what it has signed is refused from then on."""
        below = office.read(lambda services: services.own_ca.detail(fingerprint).below)
        question = f"Refuse everything that this CA has signed ({below} certificates are good), and forget its key?"
        ask_consent(question, is_given=yes)
        who = command_line_user()
        warn(office.write(lambda services: services.own_ca.retire(fingerprint, asked_by=who, despite=despite)))


def _revoking_commands(commands: typer.Typer, office: Office) -> None:
    @commands.command()
    def revoke(
        *,
        certificate: Annotated[
            str | None, typer.Option(metavar="FILE", help="The certificate as PEM, or - for what is piped in.")
        ] = None,
        issuer_hash: Annotated[str | None, typer.Option(metavar="HASH", help="SHA-256 of the issuer's name.")] = None,
        serial: Annotated[str | None, typer.Option(metavar="NUMBER", help="The serial number, in hexadecimal.")] = None,
        reason: Annotated[Reason, typer.Option(help="Why (RFC 5280).")] = Reason.UNSPECIFIED,
        yes: Yes = False,
    ) -> None:
        """Revoke a certificate that the own authority has signed; for good, unless it is certificateHold."""
        if certificate is not None and issuer_hash is None and serial is None:
            known = read_revoked(read_pem(certificate, limit=2 * MAX_CERTIFICATE))
            issuer_hash, serial = known.issuer_hash, known.serial
        elif certificate is not None or issuer_hash is None or serial is None:
            raise invalid("Give --certificate, or else both --issuer-hash and --serial.", field="--certificate")
        ask_consent(f"Revoke the certificate with the serial number {serial}?", is_given=yes)
        who, wanted = command_line_user(), (issuer_hash, serial)
        revoked = office.write(lambda services: services.own_ca.revoke(*wanted, reason, asked_by=who))
        print_facts(own_revocation_facts(revoked))

    @commands.command()
    def release(
        *,
        issuer_hash: Annotated[str, typer.Option(metavar="HASH", help="SHA-256 of the issuer's name.")],
        serial: Annotated[str, typer.Option(metavar="NUMBER", help="The serial number, in hexadecimal.")],
    ) -> None:
        """Take back that a certificate is on hold (certificateHold)."""
        who = command_line_user()
        office.write(lambda services: services.own_ca.unrevoke(issuer_hash, serial, asked_by=who))

    @commands.command()
    def revoked(as_json: Json = False, as_csv: Csv = False) -> None:
        """List what the own authority has revoked, newest first."""
        office.print_list(
            lambda services, page: services.own_ca.revocations(page),
            own_revocation_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=OWN_REVOKED_COLUMNS,
            shown=OWN_REVOKED_COLUMNS,
        )


def _policy_command(commands: typer.Typer, office: Office) -> None:
    @commands.command()
    def policy(
        *,
        family: Annotated[
            list[KeyFamily] | None, typer.Option(help="Which hierarchies there are to be; may be given twice.")
        ] = None,
        organisation: Annotated[
            str | None, typer.Option(help="Whose name CA certificates bear; empty for the operator's of the policy.")
        ] = None,
        root_days: Annotated[int | None, typer.Option(help="Life of roots.")] = None,
        issuing_days: Annotated[int | None, typer.Option(help="Life of issuing CAs.")] = None,
        station_days: Annotated[float | None, typer.Option(help="Life of stations' certificates.")] = None,
        server_days: Annotated[float | None, typer.Option(help="Life of server certificates.")] = None,
        backdated_hours: Annotated[float | None, typer.Option(help="How far notBefore is set back.")] = None,
        overlap_days: Annotated[
            int | None, typer.Option(help="So long before an issuing CA ends a new one takes its place.")
        ] = None,
        pss: Annotated[bool | None, typer.Option("--pss/--no-pss", help="RSA signs with RSASSA-PSS.")] = None,
        token: Annotated[
            bool | None, typer.Option("--token/--no-token", help="Keys of new CAs are made in the PKCS#11 token.")
        ] = None,
        crl_hours: Annotated[
            float | None, typer.Option(help="How long a list of revoked certificates is good.")
        ] = None,
        as_json: Json = False,
    ) -> None:
        """Change what is given, and show how the own authority issues. It counts for what is made from then on."""
        given: dict[str, Any] = {  # Any: each of its own type, by the names of the policy
            "organisation": organisation,
            "families": None if not family else frozenset(family),
            "root_days": root_days,
            "issuing_days": issuing_days,
            "station_days": station_days,
            "server_days": server_days,
            "backdated": None if backdated_hours is None else hours_back(backdated_hours),
            "overlap_days": overlap_days,
            "uses_pss": pss,
            "keys_in_token": token,
            "crl_hours": crl_hours,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        who = command_line_user()

        def changed(services: Services) -> OwnPolicy:
            known = replace(services.own_ca.policy(), **changes)
            return services.own_ca.set_policy(replace(known, organisation=known.organisation or None), asked_by=who)

        found = office.write(changed) if changes else office.read(lambda services: services.own_ca.policy())
        facts = own_policy_facts(found)
        print_json(facts) if as_json else print_facts(facts)
