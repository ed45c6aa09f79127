"""Holds docs/conformance.md against the run: which cases of the certification tool passed, on which stores.

The check runs when every test that is marked with a case ran, on every store. A test that was skipped, deselected or
not collected makes the run a partial one, which says nothing about the document. `--write-conformance` renews it.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.stories.octt.cases import CASES, MARK, SECTIONS, Case

ROOT: Final = Path(__file__).resolve().parents[2]
DOCUMENT: Final = ROOT / "docs" / "conformance.md"
STORES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_PROPERTY: Final = "cases"

_HEAD: Final = """# Conformance: the certification tool's cases

OCA's compliancy testing tool has {count} cases for an OCPP 1.6 central system, in which it plays the station. Here they
are played by the PyPI package `ocpp`, which checks every message against schemas of its own; what the system says is
compared whole, and what it keeps is read back over REST. This table is written by `make conformance` from the results
of these stories, and `make test` fails when it does not agree with its own results.

**passed**: every story of the case passed on {stores}. **passed in part**: the same, and the table says
what the stories leave out. **failed**: at least one did not. **not built yet**: there is no story.

{totals}
"""


@dataclass(frozen=True, slots=True)
class Story:
    """One test function that is marked with cases."""

    path: str
    name: str

    @property
    def link(self) -> str:
        return f"[{self.path.removeprefix('tests/stories/')}](../{self.path}) `{self.name}`"


@dataclass(slots=True)
class Results:
    """What became of the marked tests of one run."""

    collected: dict[str, tuple[Story, str, tuple[str, ...]]] = field(default_factory=dict)
    """Node id → story, store, numbers of cases."""
    deselected: set[str] = field(default_factory=set)
    outcomes: dict[str, bool] = field(default_factory=dict)
    """Node id → whether it passed. Only of tests that ran to an end."""

    def gaps(self, declared: set[Story], arguments: Sequence[str], *, keyword: str = "") -> list[str]:
        """Why this run does not speak for all cases; empty when it does."""
        found = [f"only {argument} was asked for" for argument in arguments if "::" in argument]
        found += [f"only what is named {keyword} was asked for"] if keyword else []
        found += [f"{node} was deselected" for node in sorted(self.deselected)]
        found += [f"{node} did not run" for node in self.collected if node not in self.outcomes]
        ran = {(story, store) for node, (story, store, _) in self.collected.items() if node in self.outcomes}
        for story in sorted(declared, key=str):
            found += [
                f"{story.path}::{story.name} did not run on {store}" for store in STORES if (story, store) not in ran
            ]
        return found

    def of(self, number: str) -> tuple[list[Story], bool]:
        """The stories of a case, and whether all of them passed."""
        nodes = [node for node, (_, _, numbers) in self.collected.items() if number in numbers]
        stories = sorted({self.collected[node][0] for node in nodes}, key=str)
        return stories, all(self.outcomes.get(node, False) for node in nodes)


def render(results: Results) -> str:
    """The document as this run would have it."""
    states = {number: _state(one, *results.of(number)) for number, one in CASES.items()}
    counted = {state: list(states.values()).count(state) for state in dict.fromkeys(states.values())}
    lines = [
        _HEAD.format(
            count=len(CASES),
            stores=" and ".join(STORES.values()),
            totals=", ".join(f"{count} {state}" for state, count in counted.items()) + ".",
        )
    ]
    for section, cases in SECTIONS.items():
        lines += [f"## {section}\n", "| Case | What happens | State | Stories |", "|---|---|---|---|"]
        lines += [_row(one, states[one.number], results.of(one.number)[0]) for one in cases]
        lines.append("")
    return "\n".join(lines)


def contradictions(results: Results) -> list[str]:
    """Cases about which cases.py says something else than the tests."""
    found = []
    for number, one in CASES.items():
        stories, _ = results.of(number)
        if stories and one.missing:
            found.append(
                f"Case {number} has tests and is listed as missing {one.missing}: clear `missing` in cases.py."
            )
        if not stories and not one.missing:
            found.append(f"Case {number} has no test: write one, or say in cases.py what is missing.")
    return found


def differences(results: Results, written: str) -> list[str]:
    """Where the document is not what the run says; empty when it is."""
    text, name = render(results), DOCUMENT.relative_to(ROOT).as_posix()
    if text == written:
        return []
    lines = difflib.unified_diff(written.splitlines(), text.splitlines(), name, "this run", lineterm="", n=0)
    return [f"{name} is not what this run says; `make conformance` renews it.", *lines]


def _state(one: Case, stories: list[Story], is_passed: bool) -> str:
    if not stories:
        return "not built yet"
    if not is_passed:
        return "failed"
    return "passed in part" if one.limit else "passed"


def _row(one: Case, state: str, stories: list[Story]) -> str:
    about = {"not built yet": f": {one.missing}", "passed in part": f": {one.limit}"}.get(state, "")
    return f"| {one.number} | {one.name} | {state}{about} | {', '.join(story.link for story in stories) or '–'} |"


def declared_stories() -> set[Story]:
    """Every test function in the sources that is marked, whether or not it was collected."""
    found = set()
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text("utf-8")
        if f"@{MARK}(" in text:
            for node in ast.parse(text).body:
                if isinstance(node, ast.FunctionDef) and any(_is_mark(one) for one in node.decorator_list):
                    found.add(Story(path.relative_to(ROOT).as_posix(), node.name))
    return found


def _is_mark(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == MARK


class Conformance:
    """Collects the results of one run, and compares or writes at its end.

    What a test is about travels with its reports: with several processes, only the first one hears of all results, and
    it collects no tests itself.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._is_to_be_written = bool(config.getoption("--write-conformance"))
        self._results = Results()
        self._complaints: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            numbers = [str(number) for mark in item.iter_markers(MARK) for number in mark.args]
            if numbers:
                story = [item.path.relative_to(ROOT).as_posix(), getattr(item, "originalname", item.name)]
                item.user_properties.append((_PROPERTY, [*story, _store_of(item), *numbers]))

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._results.deselected |= {item.nodeid for item in items if item.get_closest_marker(MARK)}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has passed when its call has, and nothing around it failed."""
        told = dict(report.user_properties).get(_PROPERTY)
        if not isinstance(told, list):
            return
        path, name, store, *numbers = told
        self._results.collected[report.nodeid] = (Story(path, name), store, tuple(numbers))
        if report.failed:
            self._results.outcomes[report.nodeid] = False
        elif report.passed and report.when == "call":
            self._results.outcomes.setdefault(report.nodeid, True)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self._config, "workerinput"):  # one of several processes, which knows of its own part only
            return
        if not self._results.outcomes:
            self._complaints = ["No test of a case ran: nothing was written."] if self._is_to_be_written else []
        else:
            self._conclude()
        if self._complaints and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _conclude(self) -> None:
        gaps = self._results.gaps(declared_stories(), self._config.args, keyword=self._config.getoption("keyword"))
        if gaps:
            if self._is_to_be_written:
                self._complaints = ["Only a part of the tests ran, so nothing was written:", *gaps[:10]]
            return
        self._complaints = contradictions(self._results)
        if self._is_to_be_written:
            DOCUMENT.write_text(render(self._results), "utf-8")
        else:
            self._complaints += differences(self._results, DOCUMENT.read_text("utf-8") if DOCUMENT.exists() else "")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._complaints:
            terminalreporter.section("conformance", red=True)
            for line in self._complaints:
                terminalreporter.line(line)


def _store_of(item: pytest.Item) -> str:
    call = getattr(item, "callspec", None)
    values = (
        [] if call is None else [value for value in call.params.values() if isinstance(value, str) and value in STORES]
    )
    return str(values[0]) if values else ""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-conformance", action="store_true", help="renew docs/conformance.md from this run")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARK}(number, …): plays cases of the certification tool")
    config.pluginmanager.register(Conformance(config), "forecourt conformance")
