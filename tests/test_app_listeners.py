"""What a node does about its listeners before they listen: which addresses must be free, and who can use them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from forecourt.app import node, site
from forecourt.app.process import StartError
from forecourt.config import Config, ListenerConfig, Tls
from forecourt.settings import Address

OLD = ListenerConfig("old", Address("0.0.0.0", 9444), Tls.LEGACY)


def test_every_address_is_looked_at_under_the_name_of_its_setting() -> None:
    config = Config(stations_tls=Address("0.0.0.0", 9443), listeners=(OLD,))
    assert list(node._addresses(config)) == [
        ("FORECOURT_STATIONS", Address("127.0.0.1", 9000)),
        ("FORECOURT_STATIONS_TLS", Address("0.0.0.0", 9443)),
        ("the address of the listener old", Address("0.0.0.0", 9444)),
        ("FORECOURT_CONSOLE", Address("127.0.0.1", 8080)),
        ("FORECOURT_FILES_HTTP", Address("127.0.0.1", 9002)),
    ]


@pytest.fixture
def logs_as_before() -> Iterator[None]:
    """A start sets the logs up for its process, and this process has other tests to run."""
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("logs_as_before")
def test_a_start_is_refused_when_the_address_for_tls_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        monkeypatch.setenv("FORECOURT_DATA", str(tmp_path / "data"))
        monkeypatch.setenv("FORECOURT_STATIONS", "off")
        monkeypatch.setenv("FORECOURT_STATIONS_TLS", taken)
        monkeypatch.setenv("FORECOURT_CONSOLE", "127.0.0.1:1")
        with pytest.raises(StartError, match=f"{taken} is in use.*set FORECOURT_STATIONS_TLS"):
            node.serve(lambda _line: None)


@pytest.mark.parametrize(
    ("config", "address"),
    [
        (Config(), Address("127.0.0.1", 9000)),
        (Config(stations=Address("0.0.0.0", 9001)), Address("127.0.0.1", 9001)),
        (
            Config(stations=None, listeners=(OLD, ListenerConfig("plain", Address("::", 9002)))),
            Address("::1", 9002),
        ),
    ],
)
def test_a_simulated_site_connects_without_tls(config: Config, address: Address) -> None:
    assert site._address(config) == address


@pytest.mark.parametrize(
    "other", [OLD, ListenerConfig("behind", Address("127.0.0.1", 9003), proxy_protocol=True)], ids=str
)
def test_a_simulated_site_that_could_not_connect_is_refused(other: ListenerConfig) -> None:
    with pytest.raises(StartError, match="set FORECOURT_STATIONS"):
        site._address(Config(stations=None, listeners=(other,)))
