"""Connections are taken off a socket for as long as there is something to take them with."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager

import pytest
import uvloop
from structlog.testing import capture_logs

from forecourt.gateway import accepting
from forecourt.gateway.accepting import Acceptor, bind, listen
from forecourt.settings import Address
from tests.gateway.desk import until

HERE = Address("127.0.0.1", 0)


def with_acceptor(
    story: Callable[[Address, list[socket.socket], Acceptor], Coroutine[None, None, None]], address: Address = HERE
) -> None:
    async def main() -> None:
        taken: list[socket.socket] = []
        sockets = await bind(address)
        place = Address(address.host, sockets[0].getsockname()[1])
        acceptor = listen(sockets, lambda sock, _peer: taken.append(sock))
        try:
            await asyncio.wait_for(story(place, taken, acceptor), 20)
        finally:
            acceptor.stop()
            for one in taken:
                one.close()

    uvloop.run(main())


def connect(address: Address, count: int) -> list[socket.socket]:
    return [socket.create_connection((address.host, address.port), 5) for _ in range(count)]


@contextmanager
def no_more_files() -> Iterator[None]:
    """This process may open nothing any more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open("/dev/null", os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_many_at_once_are_all_taken() -> None:
    async def story(address: Address, taken: list[socket.socket], _acceptor: Acceptor) -> None:
        count = 2 * accepting.BATCH + 10
        clients = await asyncio.to_thread(connect, address, count)
        await until(lambda: len(taken) == count)
        for client in clients:
            client.close()

    with_acceptor(story)


def test_a_connection_does_not_block_is_kept_alive_and_sends_at_once() -> None:
    async def story(address: Address, taken: list[socket.socket], _acceptor: Acceptor) -> None:
        [client] = await asyncio.to_thread(connect, address, 1)
        await until(lambda: len(taken) == 1)
        assert not taken[0].getblocking()
        assert taken[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert taken[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        client.close()

    with_acceptor(story)


def test_without_file_descriptors_they_wait_and_the_loop_does_not_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "PAUSE_SECONDS", 0.1)

    async def story(address: Address, taken: list[socket.socket], _acceptor: Acceptor) -> None:
        clients = [socket.socket() for _ in range(5)]
        with no_more_files():
            for client in clients:
                client.setblocking(False)
                client.connect_ex((address.host, address.port))
            begun = time.monotonic()
            with capture_logs() as logs:
                await until(lambda: len(logs) >= 4)
            assert time.monotonic() - begun >= 2.5 * accepting.PAUSE_SECONDS, "it asks again and again"
            assert taken == []
        await until(lambda: len(taken) == 5)
        for client in clients:
            client.close()
        assert {line["event"] for line in logs} == {"accept_failed"}
        assert all("ulimit -n" in line["advice"] for line in logs)

    with_acceptor(story)


def test_who_takes_badly_does_not_end_the_listener(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        sockets = await bind(HERE)
        place = Address(HERE.host, sockets[0].getsockname()[1])
        taken: list[str] = []

        def take(sock: socket.socket, peer: str) -> None:
            taken.append(peer)
            if len(taken) == 1:
                raise ZeroDivisionError
            sock.close()

        acceptor = listen(sockets, take)
        clients = await asyncio.to_thread(connect, place, 2)
        await until(lambda: taken == ["127.0.0.1", "127.0.0.1"])
        for client in clients:
            assert await asyncio.to_thread(client.recv, 1) == b"", "its socket is closed"
            client.close()
        acceptor.stop()

    uvloop.run(main())
    assert "connection_not_taken" in capsys.readouterr().out


def test_when_it_is_stopped_nobody_is_taken_any_more() -> None:
    async def story(address: Address, _taken: list[socket.socket], acceptor: Acceptor) -> None:
        acceptor.stop()
        acceptor.stop()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(address.host, address.port)

    with_acceptor(story)


def test_stopped_while_it_pauses_it_does_not_begin_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "PAUSE_SECONDS", 0.05)

    async def story(address: Address, taken: list[socket.socket], acceptor: Acceptor) -> None:
        client = socket.socket()
        with no_more_files():
            client.setblocking(False)
            client.connect_ex((address.host, address.port))
            await until(lambda: acceptor._pause is not None)
            pause = acceptor._pause
            acceptor.stop()
        assert pause is not None
        assert pause.cancelled()
        assert taken == []
        client.close()

    with_acceptor(story)


def test_every_address_of_a_host_is_listened_on() -> None:
    async def story(address: Address, taken: list[socket.socket], _acceptor: Acceptor) -> None:
        families = {info[0] for info in socket.getaddrinfo("localhost", address.port, type=socket.SOCK_STREAM)}
        assert families
        client = await asyncio.to_thread(socket.create_connection, ("127.0.0.1", address.port), 5)
        await until(lambda: len(taken) == 1)
        client.close()

    with_acceptor(story, Address("localhost", 0))


def test_an_address_that_is_not_ours_is_told() -> None:
    async def main() -> None:
        with pytest.raises(OSError, match=r"192\.0\.2\.1:9000: ") as failed:
            await bind(Address("192.0.2.1", 9000))
        assert failed.value.errno == errno.EADDRNOTAVAIL

    uvloop.run(main())
