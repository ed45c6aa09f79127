"""Is it alive, and may work be sent to it? For supervisors and load balancers, without a token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Literal

import msgspec
import structlog
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from forecourt.api.problems import RETRY_AFTER_SECONDS, Fault, Refusal

PartsNotReady = NamedDependency[SkipValidation[Callable[[], Awaitable[list[str]]]]]

_log = structlog.get_logger(__name__)


class HealthView(msgspec.Struct, frozen=True):
    """All is well."""

    status: Literal["ok"] = "ok"


class Health(Controller):
    path = "/health"
    tags = ("Health",)

    @get("/live", summary="Is the process alive?", operation_id="getLiveness")
    async def live(self) -> HealthView:
        """Answers 200 whenever the process can answer at all."""
        return HealthView()

    @get("/ready", summary="Is everything ready?", operation_id="getReadiness")
    async def ready(self, parts_not_ready: PartsNotReady) -> HealthView:
        """Answers 200, or 503 and the names of the parts that are not ready."""
        try:
            parts = await parts_not_ready()
        except Exception:  # noqa: BLE001 - whatever it is, the answer is "not ready" and the log says why
            _log.exception("readiness_check_failed")
            parts = ["readiness check"]
        if parts:
            faults = [Fault(part, "Not ready.") for part in parts]
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            detail = f"Not ready: {', '.join(parts)}."
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, detail, errors=faults, headers=headers)
        return HealthView()
