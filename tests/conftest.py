"""What every test may use."""

import pytest

pytest_plugins = ["tests.support.components", "tests.support.conformance", "tests.support.postgresql"]

# The assertions of these are shown with their values, as those of tests are.
pytest.register_assert_rewrite("tests.stories.octt.asking", "tests.stories.octt.states", "tests.stories.records")
