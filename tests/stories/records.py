"""What REST must show of a transaction, as a whole, so that no field is left unlooked at."""

from __future__ import annotations

from tests.stories.moments import is_now
from tests.support.rest import Json, Rest


def assert_transaction(rest: Rest, transaction_id: int, **expected: Json) -> None:
    """The stored transaction has these fields, and its other fields are those of one that just started."""
    stored = dict(rest.transaction(transaction_id))
    assert is_now(stored.pop("startReceivedAt"))
    stop_received_at = stored.pop("stopReceivedAt")
    assert stored == {
        "transactionId": transaction_id,
        "parentIdTag": None,
        "idTagStatus": "Accepted",
        "reservationId": None,
        "active": True,
        "stopTimestamp": None,
        "meterStop": None,
        "reason": None,
        "stopIdTag": None,
        "energyWh": None,
        "doubts": [],
        "stoppedBy": None if expected.get("active", True) else "station",
        "operatorStop": None,
        "remoteStart": None,
        "remoteStop": None,
        **expected,
    }
    if stored["active"]:
        assert stop_received_at is None
    else:
        assert is_now(stop_received_at)


def connector(number: int, status: str, timestamp: str, error: str = "NoError", **more: str) -> Json:
    """A connector as a station's page shows it."""
    empty = {"info": None, "vendorId": None, "vendorErrorCode": None}
    return {"connectorId": number, "status": status, "errorCode": error, "timestamp": timestamp, **empty, **more}
