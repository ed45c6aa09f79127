"""A dialect with one action that OCPP does not have, made of a file with its words and nothing else."""

from __future__ import annotations

import importlib
import itertools
import sys
from pathlib import Path
from typing import Final

from forecourt.dialect import Dialect, make_dialect
from forecourt.dialects.v16.dialect import CODES

BLINK: Final = "BlinkLights"
"""The name of the action."""

_WORDS: Final = '''
"""BlinkLights: find a station in the dark."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.ocpp.action import Action, Message, Sender


class BlinkLightsRequest(Message, frozen=True, kw_only=True):
    times: Annotated[int, Meta(ge=1, le=60, description="How often the lights blink.")]
    colour: Annotated[Literal["Red", "Green"] | UnsetType, Meta(description="The colour; absent for any.")] = UNSET


class BlinkLightsResponse(Message, frozen=True, kw_only=True):
    status: Annotated[Literal["Accepted", "Dark"], Meta(description="Whether it blinks.")]


BLINK_LIGHTS = Action(
    name="BlinkLights",
    sender=Sender.CSMS,
    profile="Lighting",
    request=BlinkLightsRequest,
    response=BlinkLightsResponse,
    summary="Blinks the lights of a station.",
    is_dangerous=True,
)
'''

_numbers = itertools.count(1)


def imaginary_dialect(folder: Path) -> Dialect:
    """The dialect, read from a package that is written into an empty folder. Give it to `make_catalogue` after the
    real ones."""
    name = f"imaginary_dialect_{next(_numbers)}"
    for part in ("messages", "inbound", "outbound"):
        package = folder / name / part
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
    (folder / name / "__init__.py").touch()
    (folder / name / "messages" / "blink_lights.py").write_text(_WORDS)
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        messages, inbound, outbound = (
            importlib.import_module(f"{name}.{part}") for part in ("messages", "inbound", "outbound")
        )
        return make_dialect(
            "imaginary1.0",
            messages=messages,
            inbound=inbound,
            outbound=outbound,
            codes=CODES,
            open_before_acceptance=frozenset(),
        )
    finally:
        sys.path.remove(str(folder))
