"""How a round of renewals ended, by what went wrong with the stations."""

from __future__ import annotations

import msgspec
from rich.console import Console
from rich.table import Table


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The stations with one fault."""

    fault: str
    stations: int
    renewed: int
    """On line with another certificate than they came with."""
    kept: int
    """On line with the certificate with which they came."""
    off_line: int
    is_as_expected: bool
    """All on line; and renewed, where they do not refuse."""


class RenewalReport(msgspec.Struct, frozen=True, kw_only=True):
    stations: int
    seconds: float
    renewed_after: list[float]
    """Seconds from the beginning of the round until a station was on line with its new certificate, in order."""
    rows: list[Row]

    @property
    def is_complete(self) -> bool:
        """True when every station is as it should be."""
        return all(row.is_as_expected for row in self.rows)

    @property
    def per_second(self) -> float:
        """New certificates in use per second, from the first to the last."""
        if len(self.renewed_after) < 2:
            return 0.0
        spent = self.renewed_after[-1] - self.renewed_after[0]
        return round((len(self.renewed_after) - 1) / spent, 1) if spent else 0.0

    def to_json(self) -> str:
        return msgspec.json.format(msgspec.json.encode(self)).decode()


def print_renewal(report: RenewalReport, console: Console) -> None:
    table = Table("fault", "stations", "renewed", "kept theirs", "off line", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in report.rows:
        table.add_row(row.fault, str(row.stations), str(row.renewed), str(row.kept), str(row.off_line))
    console.print(table)
    console.print(
        f"{len(report.renewed_after)} of {report.stations} renewed in {report.seconds:.1f} s,"
        f" {report.per_second:.1f} a second"
    )
