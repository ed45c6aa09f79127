"""The shell in which every test of the command line types."""

from __future__ import annotations

import pytest

from tests.cli.shell import Shell


@pytest.fixture
def shell() -> Shell:
    return Shell()
