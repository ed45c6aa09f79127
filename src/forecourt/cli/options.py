"""Options and arguments that many commands have, so that they are called and explained alike everywhere."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Csv: TypeAlias = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
Fingerprint: TypeAlias = Annotated[
    str, typer.Argument(metavar="FINGERPRINT", help="SHA-256 of the certificate, in hexadecimal.")
]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Limit: TypeAlias = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many; 100 in a table.")]
OfStation: TypeAlias = Annotated[str | None, typer.Option("--station", metavar="ID", help="Only of this station.")]
