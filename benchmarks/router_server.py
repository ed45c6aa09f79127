"""A peer for comparison: the router of the PyPI package ``ocpp`` on ``websockets``, answering without any storage."""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import AuthorizationStatus, RegistrationStatus


class _Station(ChargePoint):
    @on("BootNotification")
    def on_boot(self, **_fields: Any) -> Any:  # the package's own types are untyped
        now = datetime.now(UTC).isoformat()
        return call_result.BootNotification(current_time=now, interval=900, status=RegistrationStatus.accepted)

    @on("Heartbeat")
    def on_heartbeat(self, **_fields: Any) -> Any:
        return call_result.Heartbeat(current_time=datetime.now(UTC).isoformat())

    @on("StatusNotification")
    def on_status(self, **_fields: Any) -> Any:
        return call_result.StatusNotification()

    @on("MeterValues")
    def on_meter_values(self, **_fields: Any) -> Any:
        return call_result.MeterValues()

    @on("StartTransaction")
    def on_start(self, **_fields: Any) -> Any:
        accepted = IdTagInfo(status=AuthorizationStatus.accepted)
        return call_result.StartTransaction(transaction_id=1, id_tag_info=accepted)

    @on("StopTransaction")
    def on_stop(self, **_fields: Any) -> Any:
        return call_result.StopTransaction()


async def _serve(socket: Any) -> None:
    try:
        await _Station(socket.request.path.rsplit("/", 1)[-1], socket).start()
    except websockets.ConnectionClosed:
        return


async def _run(port: int) -> None:
    async with websockets.serve(_serve, "127.0.0.1", port, subprotocols=[websockets.Subprotocol("ocpp1.6")]):
        await asyncio.Event().wait()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(_run(int(sys.argv[1])))
