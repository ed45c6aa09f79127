"""Components that a test needs beside the project: an absent one makes the test *not run*, never passed.

Tests and fixtures call `not_run`. The pytest run then closes with a list of what was not run and of the commands that
install what was missing. With CI=true or FORECOURT_REQUIRE_ALL=1 a run that lists anything there has failed.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import NoReturn

import pytest
from _pytest.outcomes import Skipped  # pytest.skip.Exception, under the name by which mypy knows it

_PROPERTY = "not run"


def not_run(component: str, install_command: str) -> NoReturn:
    """Ends the test that is running, or every test that needs the fixture that is running.

    For tests and fixtures only: a module that is being collected cannot be left out in this way.
    """
    raise NotRun(component, install_command)


class NotRun(Skipped):
    """Carries what was missing up to the closing list."""

    def __init__(self, component: str, install_command: str) -> None:
        super().__init__(f"not run: {component} is not installed")
        self.component = component
        self.install_command = install_command


def is_everything_required() -> bool:
    return os.environ.get("CI") == "true" or os.environ.get("FORECOURT_REQUIRE_ALL") == "1"


class Absences:
    """Tests that were not run, by what they lacked and the command that installs it (empty when nobody named one)."""

    def __init__(self) -> None:
        self.tests: dict[tuple[str, str], list[str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.excinfo is not None and isinstance(call.excinfo.value, NotRun):
            absence = call.excinfo.value
            report.user_properties.append((_PROPERTY, [absence.component, absence.install_command]))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.skipped or hasattr(report, "wasxfail"):
            return
        absences = [(str(value[0]), str(value[1])) for name, value in _properties(report) if name == _PROPERTY]
        for absence in absences or [(_reason(report), "")]:
            self.tests.setdefault(absence, []).append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.tests.setdefault((_reason(report), ""), []).append(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.tests and is_everything_required() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.tests:
            return
        terminalreporter.section("not run", yellow=True)
        for (component, install_command), tests in self.tests.items():
            terminalreporter.line(f"{component}: {len(tests)} not run, the first is {tests[0]}")
            if install_command:
                terminalreporter.line(f"  {install_command}")
        if is_everything_required():
            terminalreporter.line("This run requires every test, so it has failed.", red=True)


def _properties(report: pytest.TestReport) -> list[tuple[str, list[str]]]:
    return [(name, value) for name, value in report.user_properties if isinstance(value, list)]


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return "skipped without a reason"


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Absences(), "forecourt absences")
