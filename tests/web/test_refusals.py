"""Refusals are said in the language of whoever reads them, so that their texts must be such as can be translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import pytest

import forecourt
from forecourt.domain.configuration.catalogue import KEYS
from forecourt.domain.errors import Sentence, paragraph
from forecourt.web import language
from forecourt.web.language import LANGUAGES, catalogue_of, speak, translated
from tests.web.extraction import REFUSING
from tests.web.test_language import manner_of

OURS: Final = Path(forecourt.__file__).parent
PLACES_OF_TEXTS: Final = {"invalid": 0, "not_found": 0, "conflict": 0, "Sentence": 0, "DomainError": 1}
"""Which argument is the text."""

Scope: TypeAlias = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef


def test_every_text_of_a_refusal_is_a_pattern() -> None:
    """What is filled in stands beside the text, because catalogues hold the text alone."""
    rooms = sorted({path for room in REFUSING for path in OURS.glob(room.replace("**", "**/*"))})
    assert len(rooms) > 100
    found = [
        f"{path.relative_to(OURS)}:{line}: {why}"
        for path in rooms
        for line, why in untranslatable(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        'invalid(f"There is no {name}.")',
        'conflict("There is no %s." % name, field="name")',
        'not_found("There is no " + name)',
        'Sentence("There is no {}.".format(name))',
        'DomainError(Kind.REFUSED, f"There is no {name}.")',
        'errors.invalid(f"There is no {name}.")',
        'invalid("This." if name else f"There is no {name}.")',
        'def f(name):\n    text = f"There is no {name}."\n    raise invalid(text)',
        'def f(name):\n    text = "There is no"\n    text += name\n    raise invalid(text)',
        'def f(name):\n    if (text := f"No {name}."):\n        raise invalid(text)',
        'TEXT: Final = "There is nothing."\ndef f():\n    raise invalid(TEXT)',
        "def f(text: str):\n    raise invalid(text)",
        "def f(text: str):\n    return lambda: invalid(text)",
        "invalid(error.sentence)",
    ],
)
def test_a_text_that_is_put_together_is_found(source: str) -> None:
    assert list(untranslatable(source))


@pytest.mark.parametrize(
    "source",
    [
        'invalid("There is no {}.", f"{name}-{number}")',
        'DomainError(Kind.REFUSED, "There is " "nothing.")',
        'def f(name):\n    text = Sentence("There is no {}.", name)\n    raise invalid(text)',
        'NOTHING: Final = Sentence("There is nothing.")\ndef f():\n    raise invalid(NOTHING)',
        "def f(said: Sentence):\n    raise invalid(said)",
        'def f():\n    text = f"{1}"\ndef g(text: Sentence):\n    raise invalid(text)',
        "invalid(str(error))",
        "invalid(error.said)",
    ],
)
def test_a_pattern_and_a_sentence_are_good(source: str) -> None:
    assert not list(untranslatable(source))


@pytest.mark.parametrize("name", [one for one in LANGUAGES if one != "en"])
def test_units_of_configuration_keys_are_translated(name: str) -> None:
    """They are filled into sentences as the catalogue of keys has them; signs such as Wh are the same everywhere."""
    units = {key.unit for key in KEYS if key.unit is not None and re.fullmatch("[a-z]{2,}", key.unit)}
    assert len(units) > 5
    assert not [unit for unit in units if unit not in catalogue_of(name)]


def test_a_refusal_is_translated_with_the_phrases_that_are_filled_in() -> None:
    refusal = Sentence("No transaction {} runs on {} of {}.", 7, Sentence("connector {}", 2), "CP-1")
    speak(manner_of("de"))
    try:
        assert translated(refusal) == "An Anschluss 2 der Ladestation CP-1 läuft kein Ladevorgang 7."
        assert translated(paragraph([refusal, Sentence("The station has a password.")])).endswith(
            "Ladevorgang 7. Die Ladestation hat ein Passwort."
        )
        assert translated(paragraph([])) == ""
        assert translated("Nobody has translated this.") == "Nobody has translated this."
    finally:
        speak(language.PLAIN)
    assert translated(refusal) == "No transaction 7 runs on connector 2 of CP-1."


def untranslatable(source: str) -> Iterator[tuple[int, str]]:
    """The lines in which a text is no pattern, and why."""
    yield from _in_scope(ast.parse(source), ())


def _in_scope(scope: Scope, around: tuple[Scope, ...]) -> Iterator[tuple[int, str]]:
    scopes = (scope, *around)
    for node in _own(scope):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _in_scope(node, scopes)
        elif isinstance(node, ast.Call):
            place = PLACES_OF_TEXTS.get(_name_of(node.func))
            if place is not None and len(node.args) > place:
                why = _fault(node.args[place], scopes, is_given=True)
                if why is not None:
                    yield node.lineno, why


def _own(scope: Scope) -> Iterator[ast.AST]:
    """What stands in a scope, without what stands in the functions in it."""
    waiting: list[ast.AST] = list(scope.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += ast.iter_child_nodes(node)


def _fault(text: ast.expr, scopes: tuple[Scope, ...], *, is_given: bool) -> str | None:
    """Why a text cannot be found and translated; ``is_given`` is one that stands in the call itself."""
    match text:
        case ast.JoinedStr() | ast.BinOp():
            return "it is put together"
        case ast.Constant(value=str()) if not is_given:
            return "it stands elsewhere, where nobody looks for texts"
        case ast.Call(func=ast.Attribute(attr="format")):
            return "it is filled in"
        case ast.Attribute(attr="sentence"):
            return "it is English alone; `said` is not"
        case ast.IfExp(body=body, orelse=other):
            return _fault(body, scopes, is_given=False) or _fault(other, scopes, is_given=False)
        case ast.Name(id=name):
            return next(filter(None, (_fault(one, scopes, is_given=False) for one in _values(name, scopes))), None)
    return None


def _values(name: str, scopes: tuple[Scope, ...]) -> list[ast.expr]:
    """All that a name is given in the innermost scope that knows it; for a parameter of text, a text."""
    for scope in scopes:
        found: list[ast.expr] = []
        for node in _own(scope):
            match node:
                case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                    found.append(value)
                case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                    found.append(value)
                case ast.NamedExpr(target=ast.Name(id=target), value=value) if target == name:
                    found.append(value)
                case ast.AugAssign(target=ast.Name(id=target)) if target == name:
                    found.append(ast.JoinedStr(values=[]))
        if not isinstance(scope, ast.Module):
            known = {one.arg: one.annotation for one in (*scope.args.args, *scope.args.kwonlyargs)}
            if isinstance(kind := known.get(name), ast.Name) and kind.id == "str":
                found.append(ast.Constant(value=""))
            if name in known or found:
                return found
        if found:
            return found
    return []


def _name_of(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
