"""The command ``forecourt``."""

from __future__ import annotations

from forecourt.app import node
from forecourt.app.database import open_workspace
from forecourt.cli.main import Doors, build


def main() -> None:
    build(Doors(open_workspace=open_workspace, serve=node.serve, demo=node.demo, role=node.run_role))()


if __name__ == "__main__":
    main()
