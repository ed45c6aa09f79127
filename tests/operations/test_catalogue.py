"""All operations are found by being there, and each has one name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from forecourt.dialects.v16 import dialect
from forecourt.ocpp.action import Message, Sender
from forecourt.operations import catalogue as module
from forecourt.operations.catalogue import make_catalogue
from forecourt.operations.operation import Operation, Parameters

V16 = dialect.make()
CATALOGUE = make_catalogue([V16])


def test_every_action_for_stations_is_an_operation_and_no_other() -> None:
    raw = {name for name, operation in CATALOGUE.items() if not operation.is_composed}
    assert raw == {action.name for action in V16.actions.values() if action.sender is not Sender.STATION}
    assert len(raw) == 26


def test_operations_are_listed_by_name() -> None:
    assert list(CATALOGUE) == sorted(CATALOGUE)
    assert all(name == operation.name for name, operation in CATALOGUE.items())


@pytest.mark.parametrize("operation", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_every_operation_tells_people_what_it_does_and_takes(operation: Operation[Message]) -> None:
    assert operation.summary.endswith(".")
    assert operation.group
    for field in _schema(operation.params).get("properties", {}).values():
        described = field.get("description") or any(one.get("description") for one in field.get("anyOf", []))
        assert described, f"a field of {operation.name} has no description"


@pytest.mark.parametrize(
    "operation", [one for one in CATALOGUE.values() if one.is_composed], ids=lambda operation: operation.name
)
def test_what_a_composed_operation_takes_is_written_as_everywhere(operation: Operation[Message]) -> None:
    """camelCase, and nothing unknown: a word that is misspelt must not be taken for one that is absent."""
    assert issubclass(operation.params, Parameters)
    assert operation.params.__struct_config__.forbid_unknown_fields
    assert all("_" not in name for name in _schema(operation.params).get("properties", {}))


def test_two_operations_may_not_have_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = replace(CATALOGUE["Reset"], is_composed=True)
    monkeypatch.setattr(module, "_composed", lambda: [taken])
    with pytest.raises(TypeError, match="two operations are named Reset"):
        make_catalogue([V16])


def test_of_an_action_that_versions_share_the_words_of_the_first_are_offered() -> None:
    reset = V16.actions["Reset"]
    other = replace(
        V16,
        subprotocol="ocpp9",
        actions={"Reset": replace(reset, summary="Another."), "Beam": replace(reset, name="Beam")},
    )
    both = make_catalogue([V16, other])
    assert both["Reset"].summary == reset.summary
    assert "Beam" in both
    assert make_catalogue([other, V16])["Reset"].summary == "Another."


def _schema(params: type[msgspec.Struct]) -> dict[str, Any]:  # JSON has no narrower type
    _references, objects = msgspec.json.schema_components([params])
    found: dict[str, Any] = objects[params.__name__]
    return found
