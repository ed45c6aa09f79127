"""Refuses query parameters that an address does not have: a mistyped filter must not list everything."""

from __future__ import annotations

import functools
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Litestar, Request
from litestar.routes import HTTPRoute

from forecourt.api.problems import Fault, bad_request

_ORDINARY: Final = ("limit", "cursor")
"""Told last: they are on every list."""


async def refuse_unknown_parameters(request: Request[Any, Any, Any]) -> None:  # Any: as the framework hands it to hooks
    """Raises Refusal 400 that names each of them, and those that there are."""
    query = request.scope["query_string"]
    if not query:
        return
    sent = dict.fromkeys(name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    known = _parameters(request.app)[request.route_handler.handler_id]
    faults = [Fault(name, _sentence(known)) for name in sent if name not in known]
    if faults:
        raise bad_request("Some parameters cannot be used.", *faults)


@functools.cache
def _parameters(app: Litestar) -> dict[str, list[str]]:
    """The parameters of every route, those of its dependencies included."""
    return {
        handler.handler_id: sorted(
            (parameter.field_alias for parameter in model.expected_query_params),
            key=lambda name: (name in _ORDINARY, name),
        )
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler, model in route.route_handler_map.values()
    }


def _sentence(known: list[str]) -> str:
    if not known:
        return "There is no such parameter; this address takes none."
    return f"There is no such parameter; there are {', '.join(known)}."
