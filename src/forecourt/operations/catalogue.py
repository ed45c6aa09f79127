"""All operations: those made of the actions of every version of OCPP, and the composed ones, found by being there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from forecourt.dialect import Dialect
from forecourt.operations import tasks
from forecourt.operations.operation import AnyOperation, Operation
from forecourt.operations.raw import raw_operation

Catalogue: TypeAlias = Mapping[str, AnyOperation]


def make_catalogue(dialects: Iterable[Dialect]) -> Catalogue:
    """Every operation by its name, in the order in which they should be listed. Raises TypeError for a name that two
    of them have.

    Where versions share an action's name, the words of the version that was given first are offered.
    """
    found: dict[str, AnyOperation] = {}
    for dialect in dialects:
        for action in dialect.commands():
            found.setdefault(action.name, raw_operation(dialect, action))
    for operation in _composed():
        if operation.name in found:
            raise TypeError(f"two operations are named {operation.name}")
        found[operation.name] = operation
    return dict(sorted(found.items()))


def _composed() -> Iterable[AnyOperation]:
    for module in pkgutil.iter_modules(tasks.__path__):
        for value in vars(importlib.import_module(f"{tasks.__name__}.{module.name}")).values():
            if isinstance(value, Operation):
                yield value
