"""Ports of 127.0.0.1 for servers that a test starts."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle
from typing import Final

# Below those that Linux gives to connections by itself (32768 and up), so that no client of another test takes one
# between its choice and its use.
_BLOCKS: Final = range(16_000, 32_000, 1_000)
_claims: list[socket.socket] = []


def free_port() -> int:
    """A port that nobody listens on. It was not given lately in this process, and is not in any other."""
    return next(port for port in _ours() if _is_free(port))


@cache
def _ours() -> Iterator[int]:
    """The ports of a block, again and again. The block is of the process that listens on its first port."""
    for first in _BLOCKS:
        claim = socket.socket()
        try:
            claim.bind(("127.0.0.1", first))
        except OSError:
            claim.close()
        else:
            claim.listen(1)
            _claims.append(claim)
            return cycle(range(first + 1, first + _BLOCKS.step))
    raise OSError(f"Each first port of {_BLOCKS} is taken: no block of ports is left for these tests.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
