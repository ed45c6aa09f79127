"""The command ``forecourt``. Each command imports what it needs when it runs, so that none waits for the others."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from forecourt.cli.main import Doors, build
from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.access.permissions import Role
from forecourt.domain.services import Workspace

if TYPE_CHECKING:
    from forecourt.operations.catalogue import Catalogue
    from forecourt.operations.firmware import Storeroom


def main() -> None:
    build(
        Doors(
            open_workspace=_open_workspace,
            serve=_serve,
            demo=_demo,
            role=_role,
            catalogue=_catalogue,
            open_storeroom=_open_storeroom,
            accept_loss=_accept_loss,
            hasher=_hasher,
            command_line_role=_command_line_role,
        )
    )()


def _open_workspace() -> AbstractAsyncContextManager[Workspace]:
    from forecourt.app.database import open_workspace

    return open_workspace()


def _open_storeroom() -> Storeroom:
    from forecourt import loading
    from forecourt.app.shelf import open_shelf
    from forecourt.operations.firmware import Storeroom

    settings = loading.load()
    return Storeroom(open_shelf(settings), settings.files.max_firmware_bytes)


def _serve(announce: Callable[[str], None]) -> None:
    from forecourt.app import node

    node.serve(announce)


def _demo(announce: Callable[[str], None]) -> None:
    from forecourt.app import node

    node.demo(announce)


def _role(name: str) -> None:
    from forecourt.app import node

    node.run_role(name)


def _accept_loss() -> str:
    from forecourt import loading
    from forecourt.app.secret_key import accept_loss

    return accept_loss(loading.load())


def _hasher() -> PasswordHasher:
    from forecourt.passwords import Argon2Hasher

    return Argon2Hasher()


def _command_line_role() -> Role:
    from forecourt import loading

    return Role(loading.load().command_line_role.value)


@functools.cache
def _catalogue() -> Catalogue:
    from forecourt.dialects.v16 import dialect as v16
    from forecourt.operations.catalogue import make_catalogue

    return make_catalogue([v16.make()])


if __name__ == "__main__":
    main()
