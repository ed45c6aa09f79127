"""What this process itself has cost, so that a generator of load can tell it beside its figures."""

from __future__ import annotations

import resource


def cpu_seconds() -> float:
    """User and system time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
