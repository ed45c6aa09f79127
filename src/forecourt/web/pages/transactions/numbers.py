"""Numbers of transactions in addresses."""

from __future__ import annotations

from typing import Final

from forecourt.domain.errors import not_found

MAX_TRANSACTION_ID: Final = 2**31 - 1


def transaction_number(number: int) -> int:
    """As the database can compare it; raises DomainError NOT_FOUND for what no transaction has."""
    if not 0 < number <= MAX_TRANSACTION_ID:
        raise not_found(f"There is no transaction {number}.")
    return number
