"""The fields of an operation's parameters, as every door offers them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import pytest
from msgspec import UNSET, Meta, UnsetType

from forecourt.ocpp.action import Message
from forecourt.operations.fields import Kind, NotJson, body_of, fields_of


class Inner(Message, frozen=True, kw_only=True):
    limit: Annotated[float, Meta(description="How much.")]
    at: Annotated[datetime | UnsetType, Meta(description="When.")] = UNSET


class Outer(Message, frozen=True, kw_only=True):
    colour: Annotated[Literal["Red", "Green"], Meta(description="Which.")]
    is_full: Annotated[bool, Meta(description="Whether.")] = False
    names: Annotated[list[str] | UnsetType, Meta(description="Who.")] = UNSET
    inner_part: Annotated[Inner | UnsetType, Meta(description="More.")] = UNSET
    steps: Annotated[list[Inner] | UnsetType, Meta(description="One after the other.")] = UNSET


FIELDS = {field.dotted: field for field in fields_of(Outer)}


def test_outer_fields_come_before_those_inside_them_in_the_words_of_the_wire() -> None:
    assert list(FIELDS) == ["colour", "isFull", "names", "innerPart", "innerPart.limit", "innerPart.at", "steps"]


def test_a_field_tells_its_kind_and_what_it_may_hold() -> None:
    assert FIELDS["colour"].choices == ("Green", "Red")
    assert (FIELDS["isFull"].kind, FIELDS["isFull"].default, FIELDS["isFull"].is_required) == (Kind.FLAG, False, False)
    assert (FIELDS["names"].kind, FIELDS["names"].is_list) == (Kind.TEXT, True)
    assert FIELDS["innerPart"].is_group
    assert (FIELDS["steps"].kind, FIELDS["steps"].example) == (Kind.JSON, [{"limit": 0}])


def test_times_are_told_from_other_texts_also_those_that_may_have_no_zone() -> None:
    assert FIELDS["innerPart.at"].kind is Kind.MOMENT


def test_what_is_inside_something_optional_is_not_certain() -> None:
    assert FIELDS["innerPart.limit"].is_required
    assert not FIELDS["innerPart.limit"].is_certain
    assert FIELDS["colour"].is_certain


def test_what_was_given_becomes_the_body_and_what_was_not_is_left_out() -> None:
    given = ["Red", None, ["a", "b"], None, "1.5", None, "[]"]
    body = {"colour": "Red", "names": ["a", "b"], "innerPart": {"limit": 1.5}, "steps": []}
    assert body_of(list(FIELDS.values()), given) == body


def test_what_has_to_be_json_and_is_not_is_told_by_its_path() -> None:
    with pytest.raises(NotJson) as refused:
        body_of(list(FIELDS.values()), ["Red", None, [], "{", None, None, "]"])
    assert sorted(refused.value.reasons) == ["innerPart", "steps"]
