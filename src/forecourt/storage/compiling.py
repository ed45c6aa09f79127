"""Statements of SQLAlchemy as SQL. To compile one takes a millisecond or two, so each form is compiled only once."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.engine import Dialect
from sqlalchemy.sql import Select
from sqlalchemy.sql.compiler import ExpandedState, SQLCompiler

MAX_FORMS: Final = 1000
"""How many are kept. Each filter that may be left out doubles the forms of a list; in truth few are ever asked for."""


class Compiling:
    """For one dialect; any thread may use it."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[object, SQLCompiler] = {}

    def __call__(self, statement: Select[Any]) -> ExpandedState:
        """The SQL with its parameters; a parameter that is a list has become as many as it has items."""
        # What SQLAlchemy's engines do; they are not used here, and there is no public name for the key.
        form = statement._generate_cache_key()  # noqa: SLF001
        if form is None:
            raise TypeError(f"What takes part in this statement cannot be told from others: {statement}")
        compiled = self._known.get(form.key)
        if compiled is None:
            if len(self._known) >= MAX_FORMS:
                self._known.clear()
            compiled = statement.compile(dialect=self._dialect, cache_key=form)
            self._known[form.key] = compiled
        return compiled.construct_expanded_state(compiled.construct_params(extracted_parameters=form.bindparams))
