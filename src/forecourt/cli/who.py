"""Who types a command, as it is written down with what it does."""

from __future__ import annotations

import os
import pwd


def command_line_user() -> str:
    """By the user number and not by the environment, which anybody may write."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return f"command line ({name})"
