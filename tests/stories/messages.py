"""Starts and stops as stations send them, and what was stored of them."""

from __future__ import annotations

from tests.support.rest import Json, Rest


def start_payload(tag: str, at: str, *, connector: int = 1, meter: int = 0) -> Json:
    return {"connectorId": connector, "idTag": tag, "meterStart": meter, "timestamp": at}


def stop_payload(transaction_id: int, at: str, *, meter: int = 1000, **more: Json) -> Json:
    return {"transactionId": transaction_id, "meterStop": meter, "timestamp": at, **more}


def started(answer: Json, status: str = "Accepted") -> int:
    assert answer["idTagInfo"]["status"] == status
    transaction_id: int = answer["transactionId"]
    assert transaction_id > 0
    return transaction_id


def ids_of(rest: Rest, identity: str) -> list[int]:
    return sorted(entry["transactionId"] for entry in rest.transactions(stationId=identity))
