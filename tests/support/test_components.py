"""Tests of absent components: they are listed with the command that installs them, and fail a run that needs all."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

ABSENT = """
    import pytest
    from tests.support.components import not_run

    @pytest.fixture(scope="session")
    def broker():
        not_run("Broker 9", "apt-get install broker")

    def test_one(broker): ...
    def test_other(broker): ...
    def test_unrelated(): ...
"""
SKIPPED = """
    import pytest

    @pytest.mark.skip(reason="because")
    def test_skipped(): ...
"""
EXPECTED_FAILURE = """
    import pytest

    @pytest.mark.xfail(reason="known")
    def test_known():
        raise AssertionError
"""


@pytest.fixture
def runner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("FORECOURT_REQUIRE_ALL", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini("[pytest]")
    pytester.makeconftest('pytest_plugins = ["tests.support.components"]')
    return pytester


def run(runner: pytest.Pytester, source: str) -> pytest.RunResult:
    runner.makepyfile(source)
    return runner.runpytest_inprocess("-p", "no:cacheprovider")


def test_what_was_not_run_is_listed_with_the_command_that_installs_it(runner: pytest.Pytester) -> None:
    result = run(runner, ABSENT)
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(
        ["*= not run =*", "Broker 9: 2 not run, the first is *::test_one", "  apt-get install broker"]
    )


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("FORECOURT_REQUIRE_ALL", "1")])
@pytest.mark.parametrize("source", [ABSENT, SKIPPED, "import pytest; pytest.skip('all', allow_module_level=True)"])
def test_a_run_that_requires_everything_fails(
    runner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str, value: str, source: str
) -> None:
    monkeypatch.setenv(name, value)
    result = run(runner, source)
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["This run requires every test, so it has failed."])


def test_a_skip_without_a_component_is_listed_by_its_reason(runner: pytest.Pytester) -> None:
    result = run(runner, SKIPPED)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["because: 1 not run, the first is *::test_skipped"])


@pytest.mark.parametrize("source", ["def test_passes(): ...", EXPECTED_FAILURE])
def test_a_run_that_lacks_nothing_lists_nothing(
    runner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setenv("CI", "true")
    result = run(runner, source)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("*not run*")
