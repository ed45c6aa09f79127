"""What every test may use."""

pytest_plugins = ["tests.support.components", "tests.support.postgresql"]
