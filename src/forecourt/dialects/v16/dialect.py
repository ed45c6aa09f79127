"""OCPP 1.6 over JSON, with the security extension: its name, its spellings, its tables."""

from __future__ import annotations

from typing import Final

from forecourt.dialect import Dialect, make_dialect
from forecourt.dialects.v16 import inbound, messages, outbound
from forecourt.ocpp.errors import Fault

CODES: Final = {fault: fault.value for fault in Fault} | {
    Fault.FORMAT: "FormationViolation",
    # The missing r is the standard's own; errata 5.1 keeps it.
    Fault.OCCURRENCE: "OccurenceConstraintViolation",
}
"""OCPP-J 1.6 Table 7."""


def make() -> Dialect:
    """The tables of OCPP 1.6, read from its folders."""
    return make_dialect(
        "ocpp1.6",
        messages=messages,
        inbound=inbound,
        outbound=outbound,
        codes=CODES,
        # A station is Pending until it has a certificate of its own (A00.FR.806), which it asks for meanwhile.
        open_before_acceptance=frozenset({"BootNotification", "SignCertificate"}),
    )
