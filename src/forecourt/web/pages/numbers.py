"""Numbers in addresses."""

from __future__ import annotations

from typing import Final

from forecourt.domain.errors import not_found

MAX_LONG: Final = 2**63 - 1
"""What a database can compare."""


def known_number(number: int, sentence: str) -> int:
    """The number. Raises DomainError NOT_FOUND, with the sentence, for one that nothing can have."""
    if not 0 < number <= MAX_LONG:
        raise not_found(sentence)
    return number
