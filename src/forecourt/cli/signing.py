"""Commands for requests to certificate authorities, and for what was issued."""

from __future__ import annotations

from typing import Annotated

import typer

from forecourt.cli.consent import ask_consent
from forecourt.cli.numbers import number_of
from forecourt.cli.office import Office, form_of, moment
from forecourt.cli.options import Csv, Fingerprint, Json, Limit, Yes
from forecourt.cli.output import print_facts, print_json, warn
from forecourt.cli.signing_facts import (
    ISSUED_COLUMNS,
    ISSUED_SHOWN,
    SIGNING_COLUMNS,
    SIGNING_SHOWN,
    issued_facts,
    signing_facts,
)
from forecourt.cli.who import command_line_user
from forecourt.domain.signing.model import IssuedFilter, SigningFilter, SigningNumber, SigningState, Use
from forecourt.domain.signing.revoking import revoke_issued
from forecourt.domain.trust.naming import bare_hash
from forecourt.pki.reasons import Reason

Number = Annotated[int, typer.Argument(parser=number_of("a signing request", "signing list"), metavar="SIGNING")]
OfUse = Annotated[Use | None, typer.Option(help="Only for this use.")]
Owner = Annotated[str | None, typer.Option(metavar="NAME", help="Only for this station or server certificate.")]
OfAuthority = Annotated[str | None, typer.Option(metavar="NAME", help="Only of this authority.")]


def signing_commands(office: Office) -> typer.Typer:
    """The group ``forecourt signing``."""
    commands = typer.Typer(no_args_is_help=True, help="Requests to certificate authorities, and what was issued.")

    @commands.command("list")
    def list_all(
        *,
        state: Annotated[
            list[SigningState] | None, typer.Option(help="Only in this state; may be given more than once.")
        ] = None,
        use: OfUse = None,
        owner: Owner = None,
        authority: OfAuthority = None,
        since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Asked then or later.")] = None,
        until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Asked before.")] = None,
        limit: Limit = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List requests to authorities, newest first."""
        form = form_of(as_json=as_json, as_csv=as_csv)
        wanted = SigningFilter(
            states=frozenset(state) if state else None,
            use=use,
            owner=owner,
            authority=authority,
            since=moment(since, "--from"),
            until=moment(until, "--to"),
        )
        office.print_newest(
            lambda services, page: services.signing.list(wanted, page),
            signing_facts,
            form=form,
            columns=SIGNING_COLUMNS,
            shown=SIGNING_SHOWN,
            limit=limit,
        )

    @commands.command()
    def show(number: Number, as_json: Json = False) -> None:
        """Show a request to an authority."""
        facts = signing_facts(office.read(lambda services: services.signing.get(SigningNumber(number))))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def retry(number: Number) -> None:
        """Have the authority asked now, whatever wait is left."""
        print_facts(signing_facts(office.write(lambda services: services.signing.retry(SigningNumber(number)))))

    @commands.command()
    def cancel(number: Number) -> None:
        """Cancel a request; whoever waits for the certificate is told that there will be none."""
        reason = f"It was cancelled by {command_line_user()}."
        cancelled = office.write(lambda services: services.signing.cancel(SigningNumber(number), reason))
        print_facts(signing_facts(cancelled))

    _add_issued(commands, office)
    return commands


def _add_issued(commands: typer.Typer, office: Office) -> None:
    @commands.command()
    def issued(
        *,
        use: OfUse = None,
        owner: Owner = None,
        authority: OfAuthority = None,
        revoked: Annotated[
            bool | None, typer.Option("--revoked/--not-revoked", help="Only those that were revoked, or were not.")
        ] = None,
        expires_before: Annotated[
            str | None, typer.Option(metavar="TIME", help="Only those that expire before this time.")
        ] = None,
        search: Annotated[
            str | None, typer.Option(metavar="TEXT", help="In the subject, the serial number or the fingerprint.")
        ] = None,
        limit: Limit = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List what authorities have signed for this system, newest first."""
        form = form_of(as_json=as_json, as_csv=as_csv)
        wanted = IssuedFilter(
            use=use,
            owner=owner,
            authority=authority,
            is_revoked=revoked,
            expires_before=moment(expires_before, "--expires-before"),
            search=search or None,
        )
        office.print_newest(
            lambda services, page: services.signing.issued_list(wanted, page),
            issued_facts,
            form=form,
            columns=ISSUED_COLUMNS,
            shown=ISSUED_SHOWN,
            limit=limit,
        )

    @commands.command()
    def pem(fingerprint: Fingerprint) -> None:
        """Print an issued certificate as PEM, followed by its issuers."""
        found = office.read(lambda services: services.signing.issued(bare_hash(fingerprint)))
        print("".join(one.pem for one in found.chain), end="")

    @commands.command()
    def revoke(
        *,
        fingerprint: Fingerprint,
        reason: Annotated[Reason, typer.Option(help="As RFC 5280 names it.")] = Reason.UNSPECIFIED,
        yes: Yes = False,
    ) -> None:
        """Revoke an issued certificate: it is refused from the next handshake on."""
        ask_consent(f"Revoke the certificate {fingerprint}?", is_given=yes)
        who = command_line_user()
        done = office.write(lambda services: revoke_issued(services, bare_hash(fingerprint), reason, asked_by=who))
        print_facts(issued_facts(done.issued))
        warn(done.warnings)
