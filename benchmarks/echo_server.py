"""A peer for comparison: a WebSocket answer on the same server library and loop, and nothing else.

It reads no JSON and keeps nothing. What it answers is constant but for the message id, so that the same load
generator can drive it.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from aiohttp import WSMsgType, web

_ANSWER = (
    b'[3,"%b",{"status":"Accepted","currentTime":"2026-01-01T00:00:00Z","interval":900,"transactionId":1,'
    b'"idTagInfo":{"status":"Accepted"}}]'
)


async def _serve(request: web.BaseRequest) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=("ocpp1.6",), compress=False, decode_text=False)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_frame(_ANSWER % message.data.split(b'"', 2)[1], WSMsgType.TEXT)
    return socket


async def _run(port: int) -> None:
    runner = web.ServerRunner(web.Server(_serve))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_run(int(sys.argv[1])))
