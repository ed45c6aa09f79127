"""What a running system listens on, and how soon a change of trust counts, with and without the bell."""

from __future__ import annotations

import functools
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forecourt.pki.certificate import read_certificate
from tests.support.authority import Authority
from tests.support.running import RunningSystem

CHANGE_SECONDS = 1.0
"""Within which a change counts for the next handshake. What a command of REST takes is not in it."""


@pytest.fixture(scope="module")
def operator() -> Authority:
    return Authority.root("Operator Root")


@pytest.fixture
def tls_only(tmp_path: Path) -> Iterator[RunningSystem]:
    """A system that is not reached without TLS, and has no server certificate yet."""
    with RunningSystem(tmp_path, settings={"FORECOURT_STATIONS": "off"}).at_work() as system:
        yield system


def put_server_certificate(system: RunningSystem, operator: Authority, common_name: str) -> None:
    issued = operator.leaf(common_name, dns=["localhost"], key="RSA 2048")
    system.rest.put_server_certificate("main", issued.chain_pem, issued.key_pem)


def presented(system: RunningSystem) -> str | None:
    """The name in the certificate that the listener presents, or None when nobody listens."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", system.stations_tls_port), 5) as plain,
            context.wrap_socket(plain) as wrapped,
        ):
            der = wrapped.getpeercert(binary_form=True)
    except ConnectionRefusedError:
        return None
    assert der is not None
    [name] = read_certificate(der).common_names
    return name


def is_presented(system: RunningSystem, common_name: str) -> bool:
    return presented(system) == common_name


def holds_within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_system_with_tls_only_is_ready_before_it_has_a_server_certificate(
    tls_only: RunningSystem, operator: Authority
) -> None:
    """The certificate comes by REST, so REST must be there first."""
    assert presented(tls_only) is None
    put_server_certificate(tls_only, operator, "first")
    assert holds_within(CHANGE_SECONDS, lambda: presented(tls_only) == "first")
    assert tls_only.is_ready()


@pytest.mark.parametrize("has_bell", [True, False])
def test_a_change_counts_within_a_second(tls_only: RunningSystem, operator: Authority, has_bell: bool) -> None:
    if not has_bell:
        shutil.rmtree(next(tls_only.data.glob("*-bell")))
    for name in ("first", "second"):
        put_server_certificate(tls_only, operator, name)
        assert holds_within(CHANGE_SECONDS, functools.partial(is_presented, tls_only, name))
