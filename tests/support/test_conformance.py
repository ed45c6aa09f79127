"""What counts as passed in docs/conformance.md: only what this run has shown, on every store."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from tests.stories.octt.cases import CASES, SECTIONS, case
from tests.support.conformance import (
    ROOT,
    STORES,
    Results,
    Story,
    contradictions,
    declared_stories,
    differences,
    render,
)

STORY = Story("tests/stories/test_some.py", "test_case_001")
ALL = ["tests"]


def a_run(number: str = "001", **outcomes: bool | None) -> Results:
    """One story of a case, with its outcome by store; None for a test that was skipped."""
    results = Results()
    for store, outcome in outcomes.items():
        node = f"{STORY.path}::{STORY.name}[{store}]"
        results.collected[node] = (STORY, store, (number,))
        if outcome is not None:
            results.outcomes[node] = outcome
    return results


def row_of(results: Results, number: str) -> str:
    [row] = [line for line in render(results).splitlines() if line.startswith(f"| {number} |")]
    return row


def test_there_are_77_cases() -> None:
    assert len(CASES) == 77
    assert sum(len(cases) for cases in SECTIONS.values()) == 77, "a number is there twice"


def test_a_case_that_there_is_not_cannot_be_marked() -> None:
    with pytest.raises(KeyError):
        case("002")


def test_a_case_has_passed_when_all_its_tests_have() -> None:
    results = a_run(sqlite=True, postgresql=True)
    assert results.gaps({STORY}, ALL) == []
    assert "| passed |" in row_of(results, "001")
    assert STORY.link in row_of(results, "001")


@pytest.mark.parametrize("postgresql", [False, None])
def test_a_case_of_which_one_test_failed_or_was_skipped_has_not_passed(postgresql: bool | None) -> None:
    assert "passed" not in row_of(a_run(sqlite=True, postgresql=postgresql), "001")


def test_a_case_of_which_a_part_is_left_out_has_passed_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    limited = dataclasses.replace(CASES["001"], limit="all but the beginning")
    monkeypatch.setitem(CASES, "001", limited)
    monkeypatch.setitem(SECTIONS, "Core", [limited, *SECTIONS["Core"][1:]])
    results = a_run(sqlite=True, postgresql=True)
    assert "| passed in part: all but the beginning |" in row_of(results, "001")


def test_a_case_without_a_story_is_not_built_yet() -> None:
    row = row_of(Results(), "074")
    assert f"| not built yet: {CASES['074'].missing} |" in row
    assert "passed" not in row


def test_a_test_that_was_skipped_makes_the_run_a_partial_one() -> None:
    assert a_run(sqlite=True, postgresql=None).gaps({STORY}, ALL)


def test_a_store_that_is_missing_makes_the_run_a_partial_one() -> None:
    [gap] = a_run(sqlite=True).gaps({STORY}, ALL)
    assert gap.endswith("postgresql")


def test_a_story_that_was_not_collected_makes_the_run_a_partial_one() -> None:
    elsewhere = Story("tests/stories/test_other.py", "test_case_003")
    assert len(a_run(sqlite=True, postgresql=True).gaps({STORY, elsewhere}, ALL)) == len(STORES)


def test_a_test_that_was_deselected_or_chosen_by_name_makes_the_run_a_partial_one() -> None:
    results = a_run(sqlite=True, postgresql=True)
    assert results.gaps({STORY}, [f"{STORY.path}::{STORY.name}[sqlite]"])
    assert results.gaps({STORY}, ALL, keyword="sqlite")
    results.deselected.add(f"{STORY.path}::{STORY.name}[sqlite-2]")
    assert results.gaps({STORY}, ALL)


def test_what_is_said_of_a_case_must_agree_with_its_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CASES, "074", dataclasses.replace(CASES["074"], missing="the rest"))
    told = contradictions(a_run("074", sqlite=True, postgresql=True))
    assert any(line.startswith("Case 074 has tests") for line in told)
    assert any(line.startswith("Case 001 has no test") for line in told)


def test_a_document_that_says_something_else_is_told() -> None:
    results = a_run(sqlite=True, postgresql=True)
    assert differences(results, render(results)) == []
    told = differences(results, render(a_run(sqlite=True, postgresql=False)))
    assert any(line.startswith("-| 001 |") and "failed" in line for line in told)
    assert any(line.startswith("+| 001 |") and "passed" in line for line in told)
    assert differences(results, "")


def test_stories_are_found_in_the_sources() -> None:
    found = {story.name: story.path for story in declared_stories()}
    assert found["test_case_001_cold_boot"] == "tests/stories/test_core_cases.py"
    assert "test_a_case_has_passed_when_all_its_tests_have" not in found


def test_a_run_in_several_processes_is_heard_as_well() -> None:
    chosen = "tests/stories/test_core_cases.py::test_case_001_cold_boot[sqlite]"
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--write-conformance", chosen]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout
    assert "1 passed" in run.stdout
    assert f"only {chosen} was asked for" in run.stdout
