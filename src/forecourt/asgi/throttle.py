"""How often one address may do what is dear, such as to guess a password."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import Final

BURST: Final = 10
SECONDS_PER_ATTEMPT: Final = 6.0
MAX_ADDRESSES: Final = 10_000


class Throttle:
    """Counts attempts per address: ten at once, then one every six seconds, unless it is made for something else.

    It never locks the account, only the address that guesses, so nobody can lock the administrator out from
    elsewhere. An attempt counts when it begins, so that many at once are no way around; a success is given back.
    """

    def __init__(self, *, burst: float = BURST, seconds_per_attempt: float = SECONDS_PER_ATTEMPT) -> None:
        self._seconds = seconds_per_attempt
        self._burst_seconds = burst * seconds_per_attempt
        self._free_at: OrderedDict[str, float] = OrderedDict()

    def seconds_to_wait(self, address: str, now: float) -> float:
        """Begin an attempt: 0 when it may go on, else how long to wait. ``now`` is monotonic, in seconds."""
        network = _network(address)
        free_at = max(self._free_at.pop(network, now), now)
        ahead = free_at + self._seconds - now - self._burst_seconds
        if ahead <= 0:
            free_at += self._seconds
        self._free_at[network] = free_at
        while len(self._free_at) > MAX_ADDRESSES:
            self._free_at.popitem(last=False)
        return max(ahead, 0)

    def give_back(self, address: str) -> None:
        network = _network(address)
        if network in self._free_at:
            self._free_at[network] -= self._seconds


def _network(address: str) -> str:
    """One household of IPv6 has 2**64 addresses; they count as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
