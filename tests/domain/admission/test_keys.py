"""How keys are made, written and hashed (OCPP-J 1.6 §6.2.2; A00.FR.205, A01.FR.06–08)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.domain.admission.keys import (
    as_text,
    candidates,
    check_fast,
    hash_generated,
    is_fast,
    is_password,
    is_security_profile,
    new_key,
    password_meant,
    read_authorization_key,
    read_password,
    read_profile,
    written,
)
from forecourt.domain.admission.model import KeyForm, SecurityProfile
from forecourt.domain.errors import Kind
from forecourt.passwords import Argon2Hasher
from tests.domain.world import refused


def test_a_key_has_20_printable_characters_and_is_written_in_40_digits() -> None:
    key = new_key()
    assert len(key.secret) == 20
    assert key.text.isascii()
    assert key.text.isprintable()
    assert ":" not in key.text, "HTTP Basic splits there (RFC 7617)"
    assert (len(key.hex), bytes.fromhex(key.hex)) == (40, key.secret)


def test_no_two_keys_are_equal() -> None:
    """A01.FR.06, A01.FR.07."""
    assert len({new_key().secret for _ in range(1000)}) == 1000


def test_a_key_does_not_show_itself() -> None:
    key = new_key()
    assert key.text not in repr(key)
    assert key.text not in str([key])


def test_its_hash_is_salted_and_fast_and_fits_nothing_else() -> None:
    """A01.FR.08."""
    key = new_key()
    first, second = hash_generated(key), hash_generated(key)
    assert first != second
    assert is_fast(first)
    assert check_fast(first, key.secret)
    assert check_fast(second, key.secret)
    for wrong in (new_key().secret, b"", key.secret[:-1], key.secret + b"x", key.hex.encode()):
        assert not check_fast(first, wrong)
    assert key.text not in first
    assert key.hex.lower() not in first.lower()


def test_a_slow_hash_is_not_taken_for_a_fast_one() -> None:
    assert not is_fast(Argon2Hasher().hash("x"))


def test_one_hash_serves_both_forms_of_a_station() -> None:
    """OCPP-J 1.6 §6.2.2: the header carries the bytes; many stations put the hexadecimal text there."""
    key = new_key()
    hashed = hash_generated(key)
    for form, shown in (
        (KeyForm.BYTES, key.secret),
        (KeyForm.HEX_TEXT, key.hex.encode()),
        (KeyForm.HEX_TEXT, key.hex.lower().encode()),
    ):
        assert [found for found, candidate in candidates(shown) if check_fast(hashed, candidate)] == [form]


def test_a_long_password_may_come_as_hexadecimal_text_too() -> None:
    """An operator may set up to 255 bytes."""
    for length in (21, 255):
        secret = bytes(range(length))
        assert candidates(secret.hex().encode())[1:] == [(KeyForm.HEX_TEXT, secret)]


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("4F4341", b"OCA"),
        ("hello", b"hello"),
        ("abc", b"abc"),
        (" 3031", b" 3031"),
        ("ÄÖ", "ÄÖ".encode()),
        ("z" * 255, b"z" * 255),
        ("", None),
        ("z" * 256, None),
        ("ä" * 128, None),
        ("\ud800", None),
    ],
)
def test_whatever_is_written_as_a_key_may_become_the_password(value: str, secret: bytes | None) -> None:
    assert password_meant(value) == secret


def test_the_example_of_the_standard_is_read() -> None:
    """OCPP-J 1.6 §6.2.2."""
    secret = read_authorization_key("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")
    assert secret == bytes(range(8)) + b"\xff" * 12
    assert written(secret) == "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"


@pytest.mark.parametrize(
    "value", ["", "0", "abc", "zz", "30 31", " 3031", "3031\n", "0x3031", "\uff13\uff10", "hello", "30" * 256]
)
def test_what_is_no_hexadecimal_text_is_not_read(value: str) -> None:
    assert read_authorization_key(value) is None


@given(st.binary(min_size=1, max_size=255))
def test_any_bytes_are_written_and_read_back(secret: bytes) -> None:
    assert read_authorization_key(written(secret)) == secret
    assert read_authorization_key(written(secret).lower()) == secret


@given(st.binary(min_size=1, max_size=20), st.binary(min_size=1, max_size=20))
def test_different_bytes_are_different_texts(one: bytes, other: bytes) -> None:
    assert (as_text(one) == as_text(other)) == (one == other)


def test_a_slow_hash_is_made_of_exactly_these_bytes() -> None:
    hasher = Argon2Hasher()
    secret = bytes([0, 0x3A, 0x7F, 0x80, 0xC3, 0xA9, 0xFF, 0x0A])
    hashed = hasher.hash(as_text(secret))
    assert hasher.is_match(hashed, as_text(secret))
    assert not hasher.is_match(hashed, as_text(secret[:-1]))
    assert not hasher.is_match(hashed, as_text(bytes([0, 0x3A, 0x7F, 0x80, 0xE9, 0xFF, 0x0A])))


def test_a_password_that_is_no_key_has_one_form() -> None:
    for presented in (b"", b"pass:word", b"\xff" * 20, b"30" * 256, b"303", "\uff13\uff10".encode()):
        assert candidates(presented) == [(KeyForm.BYTES, presented)]


@pytest.mark.parametrize(
    ("text", "key", "secret"),
    [
        (None, None, None),
        ("é:ü 1234567890", None, "é:ü 1234567890".encode()),
        ("", None, b""),
        (None, "4F4341", b"OCA"),
        (None, "4f4341", b"OCA"),
    ],
)
def test_a_password_is_given_as_text_or_as_key(text: str | None, key: str | None, secret: bytes | None) -> None:
    assert read_password(text=text, authorization_key=key) == secret


def test_a_password_that_is_given_twice_or_wrongly_is_refused() -> None:
    with refused(Kind.INVALID, field="authorizationKey", about="not as both"):
        read_password(text="a", authorization_key="61")
    with refused(Kind.INVALID, field="authorizationKey", about="hexadecimal"):
        read_password(text=None, authorization_key="hello")
    with refused(Kind.INVALID, field="password"):
        read_password(text="\ud800", authorization_key=None)


@pytest.mark.parametrize(
    ("value", "profile"),
    [
        *[("0", 0), ("1", 1), ("3", 3), (" 2 ", 2), ("02", 2), ("+1", 1)],
        *[(value, None) for value in ("4", "-1", "", "two", "2.0", "1e0", "\u0663", "33")],
    ],
)
def test_a_profile_is_read_as_a_station_would(value: str, profile: int | None) -> None:
    assert read_profile(value) == (None if profile is None else SecurityProfile(profile))


def test_the_keys_are_known_in_any_case() -> None:
    """OCPP 1.6: the name of a key is a CiString."""
    assert is_password("authorizationKEY")
    assert is_security_profile("SECURITYprofile")
    assert not is_password("AuthorizationKeys")
    assert not is_security_profile("Security Profile")
