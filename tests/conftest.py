"""What every test may use."""

from typing import Final

import pytest

LONGEST_TEXT_IN_A_NAME: Final = 40

pytest_plugins = ["tests.support.components", "tests.support.conformance", "tests.support.postgresql"]

# The assertions of these are shown with their values, as those of tests are.
pytest.register_assert_rewrite("tests.stories.octt.asking", "tests.stories.octt.states", "tests.stories.records")


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Names long texts after their argument: keys made at random would give a test another name in every process."""
    return argname if isinstance(val, str) and len(val) > LONGEST_TEXT_IN_A_NAME else None
