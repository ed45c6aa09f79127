"""Settings of listeners and proxies."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from forecourt.config import (
    Config,
    ListenerConfig,
    ProxiesConfig,
    Tls,
)
from forecourt.settings import Address, read_ip
from tests.settings_desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_listeners_are_the_simple_ones_and_further_ones_those_without_tls_first(desk: Desk) -> None:
    config = desk.reads(
        """
        stations_tls = "0.0.0.0:9443"
        [[listeners]]
        name = "old"
        address = "0.0.0.0:9444"
        tls = "legacy"
        [[listeners]]
        name = "behind-haproxy"
        address = "10.0.0.1:9001"
        proxy_protocol = true
        [proxies]
        addresses = "10.0.0.5"
        """
    )

    assert config.all_listeners == (
        ListenerConfig("ws", Address("127.0.0.1", 9000)),
        ListenerConfig("behind-haproxy", Address("10.0.0.1", 9001), proxy_protocol=True),
        ListenerConfig("wss", Address("0.0.0.0", 9443), Tls.MODERN),
        ListenerConfig("old", Address("0.0.0.0", 9444), Tls.LEGACY),
    )
    assert [one.scheme for one in config.all_listeners] == ["ws", "ws", "wss", "wss"]


@pytest.mark.parametrize(
    ("said", "is_believed"),
    [
        ("", True),
        ("proxy_headers = false", False),
        ("proxy_protocol = true", False),
        ('tls = "modern"', False),
        ('tls = "legacy"', False),
        ('tls = "modern"\nproxy_headers = true', True),
    ],
)
def test_headers_of_proxies_are_believed_without_tls_and_where_that_is_said(
    desk: Desk, said: str, is_believed: bool
) -> None:
    config = desk.reads(
        f"""
        [[listeners]]
        name = "other"
        address = "127.0.0.1:9445"
        {said}
        [proxies]
        addresses = "10.0.0.5"
        """
    )
    assert config.listeners[0].believes_headers is is_believed


def test_by_default_there_is_one_listener_which_is_reached_from_this_machine_only() -> None:
    [listener] = Config().all_listeners
    assert (listener.name, listener.tls, listener.address.is_local) == ("ws", Tls.NONE, True)


@pytest.mark.parametrize("word", ["off", "OFF"])
def test_a_simple_listener_may_be_off(desk: Desk, word: str) -> None:
    config = desk.reads(FORECOURT_STATIONS=word, FORECOURT_STATIONS_TLS="127.0.0.1:9443")
    assert [one.name for one in config.all_listeners] == ["wss"]
    assert desk.reads(FORECOURT_STATIONS_TLS=word).stations_tls is None


def test_all_mistakes_of_listeners_and_proxies_are_told_at_once(desk: Desk) -> None:
    mistakes = desk.mistakes(
        """
        stations = "off"
        [[listeners]]
        name = "old"
        address = "0.0.0.0:9444"
        tls = "ancient"
        port = 1
        [[listeners]]
        name = "old"
        proxy_protocol = true
        [[listeners]]
        name = "re-encrypted"
        address = "127.0.0.1:9445"
        tls = "modern"
        proxy_headers = true
        [[listeners]]
        name = "both"
        address = "127.0.0.1:9446"
        proxy_headers = true
        proxy_protocol = true
        [[listeners]]
        name = "Upper Case"
        address = "0.0.0.0:9444"
        [[listeners]]
        name = "ws"
        address = "127.0.0.1:8080"
        [proxies]
        certificate_header = "xfcc"
        certificate_header_name = "a b"
        """
    )

    assert sorted(mistakes) == [
        "listeners[1].port: no such setting",
        "listeners[1].tls: must be one of none, modern, legacy, not 'ancient'",
        "listeners[2].address: must be set, for example 0.0.0.0:9443",
        "listeners[2].name: 'old' is the name of listeners[1] already",
        "listeners[2].proxy_protocol: must have proxies.addresses beside it: nobody else is believed",
        "listeners[3].proxy_headers: must have proxies.addresses beside it: nobody else is believed",
        "listeners[4].proxy_headers: must be off beside proxy_protocol: there the headers are the station's own",
        "listeners[5].address: 0.0.0.0:9444 is the address of listeners[1].address already",
        "listeners[5].name: must be 1 to 40 small letters, digits, dots, underscores and dashes",
        "listeners[6].address: 127.0.0.1:8080 is the address of console already",
        "listeners[6].name: 'ws' is the name of stations already",
        "proxies.certificate_header: must have proxies.addresses beside it: nobody else is believed",
        "proxies.certificate_header_name: must be the name of a header, for example X-SSL-Cert",
    ]


@pytest.mark.parametrize(
    ("toml", "mistake"),
    [
        ('stations = "off"', "stations: is off, and so is every other listener; no station could connect"),
        ('stations_tls = "127.0.0.1:9000"', "stations_tls: 127.0.0.1:9000 is the address of stations already"),
        ('listeners = "0.0.0.0:9444"', "listeners: must be tables, each under [[listeners]]"),
        ("listeners = [1]", "listeners: must be tables, each under [[listeners]]"),
        ('[listeners]\nname = "a"', "listeners: must be tables, each under [[listeners]]"),
        (
            '[proxies]\ncertificate_header_name = "X-Cert"',
            "proxies.certificate_header_name: must have proxies.certificate_header beside it",
        ),
    ],
)
def test_what_does_not_fit_together_is_told(desk: Desk, toml: str, mistake: str) -> None:
    assert desk.mistakes(toml) == [mistake]


def test_many_listeners_may_choose_their_ports_themselves(desk: Desk) -> None:
    config = desk.reads(FORECOURT_STATIONS="127.0.0.1:0", FORECOURT_STATIONS_TLS="127.0.0.1:0")
    assert len(config.all_listeners) == 2


@pytest.mark.parametrize("text", ["", " , "])
def test_there_may_be_no_proxies(desk: Desk, text: str) -> None:
    assert desk.reads(FORECOURT_PROXIES_ADDRESSES=text).proxies.addresses == ()


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("10.0.0.5", True),
        ("::ffff:10.0.0.5", True),
        ("10.0.0.6", False),
        ("192.168.7.200", True),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("proxy.example", False),
        ("", False),
    ],
)
def test_a_proxy_is_known_by_its_address(desk: Desk, address: str, is_one: bool) -> None:
    proxies = desk.reads(FORECOURT_PROXIES_ADDRESSES="10.0.0.5, 192.168.7.0/24, 2001:db8::/32").proxies
    assert proxies.has(address) is is_one
    assert not ProxiesConfig().has(address)


@pytest.mark.parametrize(
    ("text", "found"),
    [("10.0.0.5", "10.0.0.5"), ("::ffff:10.0.0.5", "10.0.0.5"), ("fe80::1%eth0", "fe80::1"), ("10.0.0", None)],
)
def test_an_address_is_read_as_it_is_compared(text: str, found: str | None) -> None:
    assert read_ip(text) == (None if found is None else ipaddress.ip_address(found))


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("a.b", False)],
)
def test_an_address_says_whether_others_can_reach_it(host: str, is_local: bool) -> None:
    assert Address(host, 80).is_local is is_local
