"""The PROXY protocol, version 2: what is understood, and what is refused."""

from __future__ import annotations

import ipaddress
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.gateway.proxy_protocol import (
    HEAD_BYTES,
    MAX_BODY_BYTES,
    SIGNATURE,
    BadProxyHeader,
    check_start,
    read_head,
    read_source,
)


def header(source: str = "192.0.2.7", *, command: int = 1, family: int | None = None, more: bytes = b"") -> bytes:
    """As a proxy sends it for a TCP connection."""
    address = ipaddress.ip_address(source)
    body = address.packed + address.packed + struct.pack("!HH", 40000, 9443) + more
    kind = (0x11 if address.version == 4 else 0x21) if family is None else family
    return SIGNATURE + bytes([0x20 | command, kind]) + struct.pack("!H", len(body)) + body


def read(data: bytes) -> str | None:
    head, body = data[:HEAD_BYTES], data[HEAD_BYTES:]
    assert read_head(head) == len(body)
    return read_source(head, body)


@pytest.mark.parametrize(
    ("source", "told"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8::7", "2001:db8::7"), ("::ffff:192.0.2.7", "192.0.2.7")],
)
def test_the_address_of_the_client_is_read(source: str, told: str) -> None:
    assert read(header(source)) == told


def test_what_else_a_proxy_adds_is_passed_over() -> None:
    assert read(header(more=b"\x03\x00\x04abcd")) == "192.0.2.7"


@pytest.mark.parametrize("data", [header(command=0), header(command=0, family=0), SIGNATURE + b"\x20\x00\x00\x00"])
def test_a_proxy_may_speak_for_itself_by_a_local_header(data: bytes) -> None:
    """As it does to see whether somebody listens."""
    assert read(data) is None


def test_a_connection_that_is_passed_on_without_its_source_unspec_is_refused() -> None:
    """The peer is a station, and counting it as the proxy would let it write the proxy's headers."""
    with pytest.raises(BadProxyHeader, match="does not say from where"):
        read(header(family=0))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 9443\r\n", "version 1"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "does not begin"),
        (SIGNATURE + b"\x31\x11\x00\x0c" + bytes(12), "version 3"),
        (header(command=2), "unknown command 2"),
        (header(family=0x12), "no TCP connection"),
        (header(family=0x31), "no TCP connection"),
        (SIGNATURE + b"\x21\x11\x00\x04" + bytes(4), "too short"),
        (SIGNATURE + b"\x21\x21\x00\x0c" + bytes(12), "too short"),
        (SIGNATURE + b"\x21\x11\xff\xff", f"at most {MAX_BODY_BYTES}"),
    ],
)
def test_anything_else_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(BadProxyHeader, match=said):
        read(data)


@pytest.mark.parametrize("length", range(1, HEAD_BYTES))
def test_a_header_that_comes_in_pieces_is_not_refused_too_early(length: int) -> None:
    check_start(header()[:length])


@pytest.mark.parametrize("start", [b"G", b"\r\n\r\n\x01", b"\x16\x03\x01"])
def test_what_cannot_become_a_header_is_refused_with_its_first_bytes(start: bytes) -> None:
    with pytest.raises(BadProxyHeader):
        check_start(start)


@given(st.binary(min_size=4, max_size=80))
def test_no_bytes_do_more_than_be_refused(rest: bytes) -> None:
    head, body = (SIGNATURE + rest)[:HEAD_BYTES], rest[4:]
    found = None
    with suppress(BadProxyHeader):
        read_head(head)
        found = read_source(head, body)
    assert found is None or str(ipaddress.ip_address(found)) == found
