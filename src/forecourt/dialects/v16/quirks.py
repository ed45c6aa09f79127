"""Every deliberate deviation of this dialect from the text of the standard, named and with its reason.

**Answers before the boot.** A station that was accepted once may send anything at once, also before its
BootNotification.

OCPP-J 1.6 errata 3.10 advises to answer SecurityError until BootNotification is Accepted. But a station does not
boot when it merely reconnects (OCPP-J 1.6 §5.4), also not when it reconnects to a new central system: it would be
refused until somebody restarts it, and transactions that it has queued would be lost. What counts is therefore
the operator's decision on the station, not whether it has booted here.
"""

from __future__ import annotations

from typing import Final

MISSING_REASON: Final = "Local"
"""The reason of a StopTransaction that names none (OCPP 1.6 §6.49 says so itself)."""

UNKNOWN_TRANSACTION_IDS: Final = frozenset({-1, 0})
"""Ids that stations send in MeterValues for "none": they stand for a transaction that never got its id."""
