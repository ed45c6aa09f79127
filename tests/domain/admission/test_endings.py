"""How an errand ended, as far as it decides what a station has: one table for passwords and profiles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forecourt.dialects.v16.dialect import CODES
from forecourt.domain.admission.endings import _PROVE_NOTHING_DONE, Ending, ending_of
from forecourt.domain.errands.intents import Restart
from forecourt.domain.errands.model import Draft, ErrandNumber, ErrandState, Failure, Order, new_errand
from tests.support.clock import NOON

ERRAND = new_errand(
    ErrandNumber(1),
    "CP-1",
    Draft(operation="Reset", intent=Restart(is_hard=True), shown=None),
    Order(asked_by="ada"),
    expires_at=NOON,
    at=NOON,
)


@pytest.mark.parametrize(
    ("state", "code", "is_outcome_unknown", "ending"),
    [
        (ErrandState.CANCELLED, None, False, Ending.UNSENT),
        (ErrandState.EXPIRED, None, False, Ending.UNSENT),
        (ErrandState.FAILED, None, False, Ending.UNSENT),
        (ErrandState.CANCELLED, None, True, Ending.UNKNOWN),
        (ErrandState.FAILED, None, True, Ending.UNKNOWN),
        (ErrandState.FAILED, "NotSupported", False, Ending.UNDONE),
        (ErrandState.FAILED, "OccurenceConstraintViolation", False, Ending.UNDONE),
        (ErrandState.FAILED, "notsupported", False, Ending.UNKNOWN),
        (ErrandState.FAILED, "GenericError", False, Ending.UNKNOWN),
        (ErrandState.FAILED, "InternalError", False, Ending.UNKNOWN),
        (ErrandState.REFUSED, None, False, Ending.REFUSED),
        (ErrandState.ANSWERED, None, False, Ending.UNKNOWN),
    ],
)
def test_the_record_of_an_errand_and_what_is_told_at_its_end_say_the_same(
    state: ErrandState, code: str | None, is_outcome_unknown: bool, ending: Ending
) -> None:
    assert ending_of(replace(ERRAND, state=state, code=code, is_outcome_unknown=is_outcome_unknown)) is ending
    if state not in (ErrandState.REFUSED, ErrandState.ANSWERED):
        assert ending_of(Failure("A reason.", code, is_outcome_unknown)) is ending


def test_the_codes_that_prove_something_are_spelled_as_the_dialect_spells_them() -> None:
    """The business may not ask a version of OCPP; of all its codes two alone leave open what was done."""
    assert set(CODES.values()) - _PROVE_NOTHING_DONE == {"GenericError", "InternalError"}
    assert set(CODES.values()) >= _PROVE_NOTHING_DONE
