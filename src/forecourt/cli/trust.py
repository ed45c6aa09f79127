"""Commands for what is trusted, what is revoked, and what stations hold."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from forecourt.cli.consent import ask_consent
from forecourt.cli.exits import NOT_ALL_DONE
from forecourt.cli.files import read_file, read_pem
from forecourt.cli.office import Office, form_of, moment
from forecourt.cli.options import Csv, Fingerprint, Json, Yes
from forecourt.cli.output import print_facts, print_json, warn
from forecourt.cli.trust_facts import (
    CRL_COLUMNS,
    HELD_COLUMNS,
    IMPORT_COLUMNS,
    IMPORT_SHOWN,
    REVOKED_COLUMNS,
    TRUST_COLUMNS,
    TRUST_SHOWN,
    UNUSABLE_COLUMNS,
    crl_facts,
    held_facts,
    outcome_facts,
    revoked_facts,
    trusted_facts,
    unusable_facts,
)
from forecourt.cli.who import command_line_user
from forecourt.domain.errors import invalid
from forecourt.domain.paging import Page
from forecourt.domain.trust.importing import Fate, read_all
from forecourt.domain.trust.model import Origin, Purpose, Role, TrustFilter
from forecourt.domain.trust.revocations import read_list, read_revoked
from forecourt.pki.certificate import MAX_BUNDLE_SIZE, MAX_CERTIFICATE
from forecourt.pki.revocation import MAX_CRL

_TWICE: Final = 2
"""PEM has four characters for three bytes, and line ends."""

File = Annotated[str, typer.Argument(metavar="FILE", help="A file, or - for what is piped in.")]


def trust_commands(office: Office) -> typer.Typer:
    """The group ``forecourt trust``."""
    commands = typer.Typer(no_args_is_help=True, help="Which certificates are trusted for what, and which are revoked.")

    @commands.command("import")
    def import_bundle(
        *,
        file: File,
        purpose: Annotated[
            list[Purpose], typer.Option("--for", help="What they are trusted for; may be given more than once.")
        ],
        role: Annotated[
            Role | None, typer.Option(help="What they are in a path; self-issued ones are anchors unless it is said.")
        ] = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """Import certificates (PEM or DER). Each is taken or refused by itself; exit code 6 says that some were not,
        or are disabled and do not count. One that is in the store already is trusted for these purposes as well."""
        form = form_of(as_json=as_json, as_csv=as_csv)
        found = read_all(read_file(file, limit=MAX_BUNDLE_SIZE))
        outcomes = office.write(
            lambda services: services.trust.import_all(found, frozenset(purpose), role, command_line_user())
        )
        office.print_list(
            lambda _services, page: Page(outcomes, None),
            outcome_facts,
            form=form,
            columns=IMPORT_COLUMNS,
            shown=IMPORT_SHOWN,
        )
        if any(outcome.fate is Fate.REFUSED or outcome.is_enabled is False for outcome in outcomes):
            raise typer.Exit(NOT_ALL_DONE)

    @commands.command("list")
    def list_all(
        *,
        purpose: Annotated[Purpose | None, typer.Option("--for", help="Only those trusted for this.")] = None,
        role: Annotated[Role | None, typer.Option(help="Only anchors, or only intermediates.")] = None,
        origin: Annotated[Origin | None, typer.Option(help="Only those that came into the store in this way.")] = None,
        enabled: Annotated[
            bool | None, typer.Option("--enabled/--disabled", help="Only those that count, or do not.")
        ] = None,
        expires_before: Annotated[
            str | None, typer.Option(metavar="TIME", help="Only those that expire before this time.")
        ] = None,
        search: Annotated[str | None, typer.Option(help="Only what contains this text.")] = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List trusted certificates, newest first."""
        wanted = TrustFilter(
            purpose=purpose,
            role=role,
            origin=origin,
            is_enabled=enabled,
            expires_before=moment(expires_before, "--expires-before"),
            search=search or None,
        )
        office.print_list(
            lambda services, page: services.trust.list(wanted, page),
            trusted_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=TRUST_COLUMNS,
            shown=TRUST_SHOWN,
        )

    @commands.command()
    def show(
        *,
        fingerprint: Fingerprint,
        as_json: Json = False,
        pem: Annotated[bool, typer.Option("--pem", help="Print the certificate itself as PEM.")] = False,
    ) -> None:
        """Show a trusted certificate."""
        found = office.read(lambda services: services.trust.get(fingerprint))
        if pem:
            print(found.certificate.pem, end="")
            return
        facts = trusted_facts(found)
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def held(
        station: Annotated[str, typer.Argument(metavar="STATION")], as_json: Json = False, as_csv: Csv = False
    ) -> None:
        """List the certificates that a station is known to have."""
        office.print_list(
            lambda services, page: Page(services.trust.held(services.provisioning.get(station).station), None),
            held_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=HELD_COLUMNS,
            shown=HELD_COLUMNS,
        )

    _add_changes(commands, office)
    _add_revocations(commands, office)
    _add_crls(commands, office)
    return commands


def _add_changes(commands: typer.Typer, office: Office) -> None:
    @commands.command("set")
    def change(
        *,
        fingerprint: Fingerprint,
        purpose: Annotated[
            list[Purpose] | None, typer.Option("--for", help="What it is trusted for, and for nothing else.")
        ] = None,
        role: Annotated[Role | None, typer.Option(help="What it is in a path.")] = None,
        enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it counts.")] = None,
        yes: Yes = False,
    ) -> None:
        """Change what is given and leave the rest as it is. Counts at once, for open connections, too."""
        if enabled is False:
            ask_consent("Disable the certificate, so that every path over it is refused?", is_given=yes)
        changed = office.write(
            lambda services: services.trust.change(
                fingerprint,
                purposes=frozenset(purpose) if purpose else None,
                is_enabled=enabled,
                role=role,
                asked_by=command_line_user(),
            )
        )
        print_facts(trusted_facts(changed.trusted))
        warn(changed.warnings)

    @commands.command()
    def unusable(as_json: Json = False, as_csv: Csv = False) -> None:
        """List what is in the store and cannot be read any more; it can be removed, or given again."""
        office.print_list(
            lambda services, page: Page(services.trust.unusable(), None),
            unusable_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=UNUSABLE_COLUMNS,
            shown=UNUSABLE_COLUMNS,
        )

    @commands.command()
    def remove(fingerprint: Fingerprint, yes: Yes = False) -> None:
        """Take a certificate out of the store. Counts at once, for open connections, too. It comes back only when it
        is imported again."""
        ask_consent(f"Remove the certificate {fingerprint!r}?", is_given=yes)
        warn(office.write(lambda services: services.trust.remove(fingerprint, asked_by=command_line_user())))


def _add_revocations(commands: typer.Typer, office: Office) -> None:
    @commands.command()
    def revoke(
        *,
        file: Annotated[str | None, typer.Argument(metavar="[FILE]", help="The certificate, or - for stdin.")] = None,
        issuer_hash: Annotated[str | None, typer.Option(metavar="HASH", help="SHA-256 of the issuer's name.")] = None,
        serial: Annotated[str | None, typer.Option(metavar="HEX", help="The serial number.")] = None,
        reason: Annotated[str, typer.Option(help="Why, for people.")] = "",
        yes: Yes = False,
    ) -> None:
        """Enter a certificate as revoked. Counts at once, for open connections, too."""
        numbered = [issuer_hash is not None, serial is not None]
        if any(numbered) if file is not None else not all(numbered):
            raise invalid("Give a file with the certificate, or else both --issuer-hash and --serial.")
        known = None if file is None else read_revoked(read_pem(file, limit=_TWICE * MAX_CERTIFICATE))
        ask_consent("Revoke the certificate?", is_given=yes)
        who = command_line_user()
        if known is not None:
            entered = office.write(
                lambda services: services.trust.revoke_certificate(known, reason=reason, asked_by=who)
            )
        else:
            entered = office.write(
                lambda services: services.trust.revoke(
                    issuer_hash=issuer_hash or "", serial=serial or "", reason=reason, asked_by=who
                )
            )
        print_facts(revoked_facts(entered.revoked))
        warn(entered.warnings)

    @commands.command()
    def unrevoke(
        issuer_hash: Annotated[str, typer.Argument(metavar="ISSUERHASH")],
        serial: Annotated[str, typer.Argument(metavar="SERIAL")],
        yes: Yes = False,
    ) -> None:
        """Take back a revocation: the certificate may be used again."""
        ask_consent("Take back the revocation, so that the certificate may be used again?", is_given=yes)
        office.write(lambda services: services.trust.unrevoke(issuer_hash, serial, asked_by=command_line_user()))

    @commands.command()
    def revocations(as_json: Json = False, as_csv: Csv = False) -> None:
        """List revoked certificates, newest first."""
        office.print_list(
            lambda services, page: services.trust.revocations(page),
            revoked_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=REVOKED_COLUMNS,
            shown=REVOKED_COLUMNS,
        )


def _add_crls(commands: typer.Typer, office: Office) -> None:
    @commands.command("import-crl")
    def import_crl(file: File) -> None:
        """Import the list of revoked certificates (CRL) of an outside CA, which must be in the store."""
        crl = read_list(read_file(file, limit=_TWICE * MAX_CRL))
        office.write(lambda services: services.trust.put_crl(crl, asked_by=command_line_user()))
        print_facts(crl_facts(crl))

    @commands.command()
    def crls(as_json: Json = False, as_csv: Csv = False) -> None:
        """List the lists of outside CAs that are kept."""
        office.print_list(
            lambda services, page: Page(services.trust.crls(), None),
            crl_facts,
            form=form_of(as_json=as_json, as_csv=as_csv),
            columns=CRL_COLUMNS,
            shown=CRL_COLUMNS,
        )

    @commands.command("remove-crl")
    def remove_crl(
        issuer_hash: Annotated[str, typer.Argument(metavar="ISSUERHASH")],
        digest: Annotated[str | None, typer.Option(metavar="SHA256", help="Only the list with this digest.")] = None,
        yes: Yes = False,
    ) -> None:
        """Forget the lists of an outside CA."""
        ask_consent("Forget the lists of this CA?", is_given=yes)
        who = command_line_user()
        office.write(lambda services: services.trust.remove_crl(issuer_hash, digest=digest, asked_by=who))
