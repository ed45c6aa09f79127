"""A message is shown without its secrets, and is otherwise the same."""

from __future__ import annotations

import json
from typing import Annotated

import pytest
from msgspec import UNSET, Meta, Raw, UnsetType

from forecourt.dialects.v16 import dialect
from forecourt.ocpp.action import Message
from forecourt.ocpp.payload import Reader
from forecourt.ocpp.redaction import URL, shown

V16 = dialect.make()


class Inner(Message, frozen=True, kw_only=True):
    key: str
    value: str | UnsetType = UNSET
    where: Annotated[str, Meta(extra=URL)] | UnsetType = UNSET

    def secrets(self) -> tuple[str, ...]:
        return ("value",) if self.key == "secret" else ()


class Outer(Message, frozen=True, kw_only=True):
    one: Inner | UnsetType = UNSET
    many: list[Inner] | UnsetType = UNSET
    texts: list[str] | UnsetType = UNSET
    number: int = 1


def test_what_has_no_secret_is_the_very_same() -> None:
    words = Outer(one=Inner(key="open", value="1"), many=[Inner(key="open")], texts=["a"])
    assert shown(words) == words
    alone = Inner(key="open", value="1")
    assert shown(alone) is alone


def test_secrets_are_hidden_at_every_depth() -> None:
    words = Outer(
        one=Inner(key="secret", value="c0ffee"),
        many=[
            Inner(key="open", value="1"),
            Inner(key="secret", value="c0ffee"),
            Inner(key="open", where="ftp://me:c0ffee@files.example/"),
        ],
    )
    safe = shown(words)
    assert "c0ffee" not in repr(safe)
    assert safe == Outer(
        one=Inner(key="secret", value="***"),
        many=[
            Inner(key="open", value="1"),
            Inner(key="secret", value="***"),
            Inner(key="open", where="ftp://***@files.example/"),
        ],
    )
    assert "c0ffee" in repr(words), "the words that are sent stay as they are"


def test_what_is_absent_stays_absent() -> None:
    assert shown(Inner(key="secret")) == Inner(key="secret")
    assert shown(Outer(many=[])) == Outer(many=[])


LOCATION = "ftp://me:c0ffee@files.example/"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("ChangeConfiguration", {"key": "AuthorizationKey", "value": "c0ffee"}),
        ("ChangeConfiguration", {"key": "authorizationkey", "value": "c0ffee"}),
        ("GetDiagnostics", {"location": LOCATION}),
        ("UpdateFirmware", {"location": LOCATION, "retrieveDate": "2026-01-01T00:00:00Z"}),
        ("GetLog", {"log": {"remoteLocation": LOCATION}, "logType": "SecurityLog", "requestId": 1}),
        (
            "SignedUpdateFirmware",
            {
                "requestId": 1,
                "firmware": {
                    "location": "https://files.example/a?sig=c0ffee",
                    "retrieveDateTime": "2026-01-01T00:00:00Z",
                    "signingCertificate": "-",
                    "signature": "-",
                },
            },
        ),
    ],
)
def test_the_secrets_of_every_action_of_1_6_are_known(action: str, payload: dict[str, object]) -> None:
    """OCPP 1.6 §9.1; security whitepaper A01; whatever has a location may have a password in it."""
    words = Reader(V16.actions[action].request).read(Raw(json.dumps(payload).encode()))
    assert "c0ffee" in repr(words)
    assert "c0ffee" not in repr(shown(words))


def test_the_answer_with_all_keys_hides_the_secret_ones() -> None:
    response = V16.actions["GetConfiguration"].response
    told = {
        "configurationKey": [
            {"key": "AuthorizationKey", "readonly": False, "value": "c0ffee"},
            {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
        ]
    }
    words = Reader(response).read(Raw(json.dumps(told).encode()))
    assert "c0ffee" not in repr(shown(words))
    assert "300" in repr(shown(words))
