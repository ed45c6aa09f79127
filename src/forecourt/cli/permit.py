"""What a command may do, and what is written down of it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from typer._click.core import ParameterSource
from typer._click.globals import get_current_context  # public in the library that is inside of this one

from forecourt.cli.who import command_line_user
from forecourt.domain.access.permissions import PERMISSIONS, Permission, Role
from forecourt.domain.audit.model import Deed, Via
from forecourt.domain.audit.recording import Record, RecordedWorkspace
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.services import Services, Workspace

Result = TypeVar("Result")

_PROGRAM: Final = "forecourt"


@dataclass(frozen=True, slots=True)
class Permit:
    """What the commands of a group need, and what the command line may do here."""

    role: Callable[[], Role]
    view: Permission = Permission.VIEW
    change: Permission = Permission.MANAGE

    def of(self, *, view: Permission = Permission.VIEW, change: Permission) -> Permit:
        return replace(self, view=view, change=change)

    def check(self, needed: Permission) -> None:
        """Raises DomainError REFUSED."""
        role = self.role()
        if needed not in PERMISSIONS[role]:
            sentence = (
                f"The command line has the role {role.value} here, which may not do this (it needs {needed.value});"
                " the setting FORECOURT_COMMAND_LINE_ROLE says which role it has."
            )
            raise DomainError(Kind.REFUSED, sentence)


class PermittedWorkspace:
    """A workspace for one command, which does what the permit allows and writes down what was changed."""

    def __init__(self, workspace: Workspace, permit: Permit, record: Record) -> None:
        self._workspace = workspace
        self._recorded = RecordedWorkspace(workspace, record)
        self._permit = permit

    async def write(self, work: Callable[[Services], Result]) -> Result:
        self._permit.check(self._permit.change)
        return await self._recorded.write(work)

    async def read(self, work: Callable[[Services], Result]) -> Result:
        self._permit.check(self._permit.view)
        return await self._workspace.read(work)


def record_of_command() -> Record:
    """The words of the command that runs: its name, its arguments, and its options by their names. Values of options
    are there only where they are one of a few, because others may be secrets."""
    context = get_current_context(silent=True)
    deed = Deed(who=command_line_user(), via=Via.COMMAND_LINE, action=_PROGRAM)
    if context is None:
        return Record(deed)
    _, _, action = context.command_path.partition(" ")
    given = [one for one in context.command.params if _is_given(context, one)]
    arguments = [str(word) for one in given if one.param_type_name == "argument" for word in _words(context, one)]
    options = [_option(context, one) for one in given if one.param_type_name == "option"]
    subject, *others = arguments or [""]
    return Record(replace(deed, action=action, subject=subject, detail=" ".join([*others, *options])))


def _is_given(context: Any, parameter: Any) -> bool:  # Any: the library's own types are private
    return bool(context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE)


def _words(context: Any, parameter: Any) -> Iterator[object]:  # Any: as above
    value = context.params.get(parameter.name)
    yield from value if isinstance(value, list | tuple) else [value]


def _option(context: Any, parameter: Any) -> str:  # Any: as above
    name = str(max(parameter.opts, key=len))
    value = context.params.get(parameter.name)
    if isinstance(value, bool):
        return name if value else str(max(parameter.secondary_opts or [f"{name} no"], key=len))
    values = list(_words(context, parameter))
    if all(isinstance(one, enum.Enum) for one in values):
        return f"{name} {','.join(str(one.value) for one in values if isinstance(one, enum.Enum))}"
    return name
