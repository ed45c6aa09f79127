"""Frames that went wrong: real messages with bytes flipped, cut, doubled or swollen, and JSON that nobody meant."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator

from tests.support.rest import Json

AT = "2026-01-01T10:00:00Z"
_READING = {"timestamp": AT, "sampledValue": [{"value": "1.5", "measurand": "SoC", "unit": "Percent"}]}

REAL: list[tuple[str, Json]] = [
    ("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "1"}),
    ("Heartbeat", {}),
    ("Authorize", {"idTag": "GARBAGE"}),
    ("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": AT}),
    ("StartTransaction", {"connectorId": 1, "idTag": "GARBAGE", "meterStart": 0, "timestamp": AT}),
    ("MeterValues", {"connectorId": 1, "transactionId": 1, "meterValue": [_READING, _READING]}),
    (
        "StopTransaction",
        {"transactionId": 1, "meterStop": 5, "timestamp": AT, "reason": "Local", "transactionData": [_READING]},
    ),
    ("DataTransfer", {"vendorId": "v", "messageId": "m", "data": "text"}),
    ("FirmwareStatusNotification", {"status": "Installed"}),
    ("DiagnosticsStatusNotification", {"status": "Idle"}),
]

ODD_VALUES: list[Json] = [
    None,
    True,
    False,
    -1,
    0,
    2**31,
    2**63,
    -(2**63) - 1,
    10**400,
    1e308,
    -0.0,
    1.0,
    0.1,
    "",
    " ",
    "\0",
    "\ud800",
    "\u202e",
    "ü" * 300,
    "'; DROP TABLE transactions; --",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999999-23:59",
    "2026-01-01T24:00:00Z",
    "2026-06-30T23:59:60Z",
    [],
    {},
    [[[[]]]],
    {"": {"": {"": 0}}},
]

ODD_TEXTS = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999999",
    "-1e-999999",
    "00",
    "0x1",
    '"\\ud800"',
    '"\\u0000"',
    "1" * 5000,
]


def frames(number: int, seed: int) -> Iterator[bytes]:
    """`number` frames, the same ones for the same seed."""
    chance = random.Random(seed)
    for index in range(number):
        if index % 2500 == 1700:
            yield _huge(chance)
            continue
        action, payload = chance.choice(REAL)
        call_id = f"g{seed}-{index}" if chance.random() < 0.9 else chance.choice(["same", "", "x" * 40, 5, None])
        kind = 2 if chance.random() < 0.9 else chance.choice([0, 1, 3, 4, 5, -1, "2", 2.0, None])
        yield chance.choice(_WAYS)(chance, [kind, call_id, action, payload])


def _text(frame: Json) -> bytes:
    return json.dumps(frame).encode()


def _unharmed(_chance: random.Random, frame: Json) -> bytes:
    return _text(frame)


def _flipped(chance: random.Random, frame: Json) -> bytes:
    data = bytearray(_text(frame))
    for _ in range(chance.randint(1, 4)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _cut(chance: random.Random, frame: Json) -> bytes:
    text = _text(frame)
    return text[: chance.randrange(len(text))]


def _spliced(chance: random.Random, frame: Json) -> bytes:
    text, other = _text(frame), _text([2, "other", *chance.choice(REAL)])
    return text[: chance.randrange(len(text))] + other[chance.randrange(len(other)) :]


def _doubled_keys(chance: random.Random, frame: Json) -> bytes:
    payload = frame[3]
    items = list(payload.items()) * 2
    chance.shuffle(items)
    body = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in items)
    return _text([*frame[:3], "#"]).replace(b'"#"', b"{%b}" % body.encode())


def _odd_value(chance: random.Random, frame: Json) -> bytes:
    changed = json.loads(json.dumps(frame))
    place, key = chance.choice(list(_places(changed)))
    place[key] = chance.choice(ODD_VALUES)
    return _text(changed)


def _odd_text(chance: random.Random, frame: Json) -> bytes:
    changed = json.loads(json.dumps(frame))
    place, key = chance.choice(list(_places(changed)))
    place[key] = "#odd#"
    return _text(changed).replace(b'"#odd#"', chance.choice(ODD_TEXTS).encode())


def _missing(chance: random.Random, frame: Json) -> bytes:
    changed = json.loads(json.dumps(frame))
    place, key = chance.choice(list(_places(changed)))
    del place[key]
    return _text(changed)


def _nested(chance: random.Random, frame: Json) -> bytes:
    depth = chance.choice([10, 600, 20_000])
    opening, closing = chance.choice([("[", "]"), ('{"a":', "}")])
    changed = json.loads(json.dumps(frame))
    place, key = chance.choice(list(_places(changed)))
    place[key] = "#deep#"
    return _text(changed).replace(b'"#deep#"', (opening * depth + "0" + closing * depth).encode())


def _noise(chance: random.Random, _frame: Json) -> bytes:
    return chance.randbytes(chance.randrange(200))


def _broken_utf8(chance: random.Random, frame: Json) -> bytes:
    text = bytearray(_text(frame))
    place = chance.randrange(len(text))
    text[place:place] = chance.choice([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\x80", b"\0"])
    return bytes(text)


def _huge(chance: random.Random) -> bytes:
    return _text([2, "huge", "DataTransfer", {"vendorId": "v", "data": "x" * chance.choice([900_000, 10_000_000])}])


def _places(value: Json) -> Iterator[tuple[Json, Json]]:
    """Every container and key in a frame, so that the value there can be changed."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items):
        yield value, key
        yield from _places(item)


_WAYS: list[Callable[[random.Random, Json], bytes]] = [
    _unharmed,
    _flipped,
    _flipped,
    _cut,
    _spliced,
    _doubled_keys,
    _odd_value,
    _odd_value,
    _odd_value,
    _odd_text,
    _missing,
    _nested,
    _noise,
    _broken_utf8,
]
