"""The command ``forecourt``."""

from __future__ import annotations

from forecourt import app
from forecourt.cli.main import Doors, build


def main() -> None:
    build(Doors(open_workspace=app.open_workspace, serve=app.serve, demo=app.demo, role=app.run_role))()


if __name__ == "__main__":
    main()
