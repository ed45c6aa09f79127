"""What is sealed is opened by whoever has the key, and by nobody else."""

from __future__ import annotations

import base64

import pytest

from forecourt.pki.errors import BadKey, BadSeal
from forecourt.pki.sealing import Vault, read_keys

OLD, NEW = Vault.new_key(), Vault.new_key()


@pytest.mark.parametrize("content", [b"", b"secret", bytes(range(256)), b"x" * 100_000])
def test_what_was_sealed_is_opened(content: bytes) -> None:
    sealed = Vault([OLD]).seal(content)
    assert Vault([OLD]).open(sealed) == content
    assert len(content) < 6 or content.decode("latin-1") not in sealed


def test_a_key_is_changed_by_putting_a_new_one_in_front() -> None:
    both = Vault([NEW, OLD])
    assert both.open(Vault([OLD]).seal(b"then")) == b"then"
    assert Vault([NEW]).open(both.seal(b"now")) == b"now"
    with pytest.raises(BadSeal):
        Vault([OLD]).open(both.seal(b"now"))


@pytest.mark.parametrize("sealed", ["", "plain text", "gAAAAA==", "ü", "\0", "\ud800", "A" * 1_000])
def test_what_was_not_sealed_cannot_be_opened(sealed: str) -> None:
    with pytest.raises(BadSeal, match="another key, or altered"):
        Vault([OLD]).open(sealed)


def test_a_seal_that_was_altered_is_noticed() -> None:
    sealed = Vault([OLD]).seal(b"secret")
    altered = sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:]
    with pytest.raises(BadSeal):
        Vault([OLD]).open(altered)


def test_a_key_is_made_as_it_is_written_in_a_setting() -> None:
    assert read_keys(NEW.decode()) == [NEW]
    assert read_keys(f" {NEW.decode()} ,\n{OLD.decode()}") == [NEW, OLD]
    assert NEW != OLD
    assert len(base64.urlsafe_b64decode(NEW)) == 32


def test_a_key_in_the_other_base64_is_taken_too() -> None:
    key = base64.b64encode(b"\xff" * 32).decode()
    assert "/" in key
    [read] = read_keys(key)
    assert Vault([read]).open(Vault([read]).seal(b"secret")) == b"secret"


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("", "The secret key"),
        ("short", "The secret key"),
        (base64.urlsafe_b64encode(b"x" * 31).decode(), "The secret key"),
        (base64.urlsafe_b64encode(b"x" * 33).decode(), "The secret key"),
        (OLD.decode() + ",", "Secret key 2 of 2"),
        (f"{OLD.decode()},ü" + "x" * 43, "Secret key 2 of 2"),
    ],
)
def test_a_key_that_is_none_is_refused_without_being_shown(text: str, which: str) -> None:
    with pytest.raises(BadKey) as caught:
        read_keys(text)
    assert str(caught.value) == f"{which} must be 32 bytes in URL-safe base64, which are 44 characters."


@pytest.mark.parametrize("keys", [[], [b"short"], [OLD, b"\xff" * 44]])
def test_a_vault_needs_a_key(keys: list[bytes]) -> None:
    with pytest.raises(BadKey):
        Vault(keys)


def test_a_vault_shows_no_key() -> None:
    assert OLD.decode() not in repr(Vault([OLD]))
