"""A message is shown without its secrets, and is otherwise the same."""

from __future__ import annotations

import json
from typing import Annotated

import pytest
from msgspec import UNSET, Meta, Raw, UnsetType

from forecourt.dialects.v16 import dialect
from forecourt.ocpp.action import Message
from forecourt.ocpp.payload import Reader
from forecourt.ocpp.redaction import URL, scrubbed, secrets_in, shown

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


KEY = "6F70656E20736573616D65206E6F77"
"""``open sesame now``"""


@pytest.mark.parametrize(
    "told",
    [
        KEY,
        KEY.lower(),
        "open sesame now",
        "OPEN Sesame now",
        "6f 70 65 6e 20 73 65 73 61 6d 65 20 6e 6f 77",
        "b3BlbiBzZXNhbWUgbm93",
    ],
)
def test_a_key_that_somebody_repeats_is_hidden_in_whatever_form(told: str) -> None:
    """A01.FR.09: stations tell what the key stands for, in upper and lower case."""
    words = Inner(key="secret", value=KEY)
    assert scrubbed(f"cannot use {told}!", secrets_in(words)) == "cannot use ***!"
    text = json.dumps({"said": told})
    assert json.loads(scrubbed(text, secrets_in(words))) == {"said": "***"}


@pytest.mark.parametrize("secret", [bytes(range(0xE0, 0xF4)), 'gr\u00fc\u00df "dich"\n, du'.encode(), b"\\" * 16])
def test_the_bytes_of_a_key_are_hidden_as_text_and_as_json_has_them(secret: bytes) -> None:
    secrets = secrets_in(Inner(key="secret", value=secret.hex()))
    for text in (secret.decode("latin-1"), secret.decode("utf-8", "replace")):
        assert scrubbed(f"<{text}>", secrets) == "<***>"
        assert json.loads(scrubbed(json.dumps([text]), secrets)) == ["***"]
        assert json.loads(scrubbed(json.dumps([text], ensure_ascii=False), secrets)) == ["***"]


def test_a_text_that_is_no_key_is_hidden_as_hexadecimal_text_too() -> None:
    secrets = secrets_in(Inner(key="secret", value="hunter2/hunter2"))
    assert scrubbed(f"got {b'hunter2/hunter2'.hex().upper()} or Hunter2/HUNTER2", secrets) == "got *** or ***"
