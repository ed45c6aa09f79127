"""The Authorization header of a station (OCPP-J 1.6 §6.2.2; RFC 7617)."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.gateway.credentials import MAX_CHARACTERS, Basic, NoBasic, read_basic


def header(text: bytes, scheme: str = "Basic") -> str:
    return f"{scheme} {b64encode(text).decode()}"


def read(*values: str, identity: str = "CP-1", segment: str | None = None) -> Basic | NoBasic:
    return read_basic(values, identity=identity, segment=segment or identity)


def test_the_example_of_the_standard_is_read() -> None:
    """OCPP-J 1.6 §6.2.2."""
    found = read("Basic QUwxMDAwOgABAgMEBQYH////////////////", identity="AL1000")
    assert found == Basic(bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"))


@given(st.binary(max_size=60))
def test_a_password_may_hold_any_byte(password: bytes) -> None:
    assert read(header(b"CP-1:" + password)) == Basic(password)


@given(st.lists(st.text(max_size=40), max_size=3))
def test_whatever_is_sent_is_read_or_named(values: list[str]) -> None:
    assert isinstance(read(*values), Basic | NoBasic)


@pytest.mark.parametrize("value", ["basic Q1AtMTp4", "BASIC Q1AtMTp4", "Basic  Q1AtMTp4", " Basic Q1AtMTp4 "])
def test_the_scheme_has_no_case_and_spaces_around_it_do_not_count(value: str) -> None:
    assert read(value) == Basic(b"x")


def test_padding_may_be_left_away() -> None:
    whole = header(b"CP-1:xyz")
    assert whole.endswith("=")
    assert read(whole.rstrip("=")) == Basic(b"xyz")


@pytest.mark.parametrize("values", [[], ["Bearer abc"], ["Digest username=CP-1"], [""]])
def test_no_header_or_one_of_another_scheme_is_no_password(values: list[str]) -> None:
    assert read(*values) is NoBasic.MISSING


@pytest.mark.parametrize(
    "values",
    [
        ["Basic"],
        ["Basic "],
        ["Basic Q1AtMTp4", "Basic Q1AtMTp4"],
        ["Basic Q1At MTp4"],
        ["Basic Q1AtMTp4\u00e4"],
        ["Basic Q1AtMTp4-_"],
        ["Basic Q"],
        [header(b"CP-1")],
        ["Basic " + "Q" * MAX_CHARACTERS],
    ],
)
def test_what_is_no_basic_is_malformed(values: list[str]) -> None:
    assert read(*values) is NoBasic.MALFORMED


@pytest.mark.parametrize("user", [b"CP-2", b"CP-10", b"CP-", b"", b"cp-1", b" CP-1"])
def test_the_user_name_is_the_identity_in_the_url(user: bytes) -> None:
    """A00.FR.204, 303."""
    assert read(header(user + b":secret")) is NoBasic.OF_ANOTHER


def test_a_password_may_hold_colons_and_the_text_of_a_name() -> None:
    assert read(header(b"CP-1:CP-1:a:b")) == Basic(b"CP-1:a:b")


def test_a_name_may_be_sent_as_it_stands_in_the_url_or_in_latin_1() -> None:
    assert read(header(b"RDAM%20123:x"), identity="RDAM 123", segment="RDAM%20123") == Basic(b"x")
    assert read(header("ä:x".encode()), identity="ä", segment="%C3%A4") == Basic(b"x")
    assert read(header("ä:x".encode("latin-1")), identity="ä", segment="%C3%A4") == Basic(b"x")


def test_a_password_does_not_show_itself() -> None:
    assert "secret" not in repr(read(header(b"CP-1:secret")))
