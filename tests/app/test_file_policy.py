"""Which address of the door for files stations are told, for what is set."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network

import pytest

from forecourt.app.file_policy import file_policy
from forecourt.config import Config, FilesConfig, ListenerConfig, ProxiesConfig
from forecourt.settings import Address

LOCAL = Address("127.0.0.1", 9002)
LOCAL_TLS = Address("127.0.0.1", 9443)
OPEN = Address("0.0.0.0", 9002)
OPEN_TLS = Address("0.0.0.0", 9443)
FTP = Address("192.0.2.7", 2121)

ELSEWHERE = Address("0.0.0.0", 9000)
"""Where stations of other machines connect."""


@pytest.mark.parametrize(
    ("files", "places"),
    [
        (FilesConfig(), ("http://127.0.0.1:9002",)),
        (FilesConfig(http=None), ()),
        (FilesConfig(http=LOCAL, tls=LOCAL_TLS), ("http://127.0.0.1:9002", "https://127.0.0.1:9443")),
        (FilesConfig(http=None, tls=OPEN_TLS, url="https://files.example"), ("https://files.example",)),
        (FilesConfig(http=OPEN), ("http://127.0.0.1:9002",)),
        (FilesConfig(http=None, ftp=FTP), ("ftps://192.0.2.7:2121",)),
        (FilesConfig(http=None, ftp=FTP, ftp_tls_only=False), ("ftp://192.0.2.7:2121",)),
        (
            FilesConfig(http=None, tls=LOCAL_TLS, ftp=FTP, ftp_tls_only=False),
            ("https://127.0.0.1:9443", "ftp://192.0.2.7:2121", "ftps://192.0.2.7:2121"),
        ),
        (
            FilesConfig(url="https://files.example", ftp=FTP, ftp_url="ftps://files.example:21"),
            ("https://files.example", "ftps://files.example:21"),
        ),
    ],
    ids=["default", "none", "both", "url", "every address", "ftps", "ftp", "ftps beside ftp", "both urls"],
)
def test_stations_are_told_where_they_reach_it(files: FilesConfig, places: tuple[str, ...]) -> None:
    assert file_policy(Config(files=files)).places == places


@pytest.mark.parametrize(
    ("files", "is_out_of_reach"),
    [
        (FilesConfig(), True),
        (FilesConfig(url="https://files.example"), False),
        (FilesConfig(http=Address("192.0.2.7", 9002)), False),
        (FilesConfig(http=OPEN), True),
        (FilesConfig(http=None), False),
        (FilesConfig(url="https://files.example", ftp=Address("127.0.0.1", 21)), True),
        (FilesConfig(http=None, ftp=Address("127.0.0.1", 21), ftp_url="ftps://files.example"), False),
    ],
    ids=["default", "url", "address of the network", "every address", "no door", "ftp without a url", "ftp with one"],
)
def test_stations_elsewhere_do_not_reach_an_address_of_this_machine(files: FilesConfig, is_out_of_reach: bool) -> None:
    """Which a warning says to whoever asks for an upload. Stations on this machine reach it."""
    assert file_policy(Config(files=files, stations=ELSEWHERE)).is_out_of_reach is is_out_of_reach
    assert file_policy(Config(files=files)).is_out_of_reach is False


def test_stations_behind_a_proxy_or_at_another_listener_are_elsewhere() -> None:
    behind = Config(proxies=ProxiesConfig(addresses=(ip_network("192.0.2.0/24"),)))
    other = Config(listeners=(ListenerConfig("other", ELSEWHERE),))
    assert file_policy(behind).is_out_of_reach
    assert file_policy(other).is_out_of_reach


@pytest.mark.parametrize(
    ("days", "kept"), [(0, None), (30, timedelta(days=30)), (10**9, timedelta(days=36_600))], ids=str
)
def test_files_are_kept_for_as_long_as_is_set(days: int, kept: timedelta | None) -> None:
    """A number of days that no date could hold counts as a hundred years."""
    policy = file_policy(Config(files=FilesConfig(keep_days=days, max_upload_bytes=7)))
    assert (policy.keep, policy.max_upload_bytes) == (kept, 7)
