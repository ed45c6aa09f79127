"""Locations of files: what can be one, and what looks wrong about it (security whitepaper §6.5, L01.FR.08)."""

from __future__ import annotations

import pytest

from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.jobs.locations import check_location, doubts_about_location
from forecourt.redaction import without_credentials


@pytest.mark.parametrize(
    "location",
    [
        "ftp://user:pass%2Fword@host:21/folder/",
        "https://host/firmware.bin?token=abc",
        "sftp://[2001:db8::1]:22/",
        "FTPS://HOST",
        "s3://bucket/key",
        "file:///var/log",
    ],
)
def test_a_complete_uri_is_taken(location: str) -> None:
    assert check_location(location) == location


@pytest.mark.parametrize(
    "location",
    [
        "",
        "host/folder",
        "user:secret@host/folder",
        "ftp:user:secret@host",
        "ftp://user:secret@host/a b",
        "ftp://host/ü",
        "ftp://host/%2",
        "ftp://user:secret@host:port/",
        "ftp://user:se/cret@host/",
        "ftp://user:1/secret@host/",
        "ftp://user/secret@host/",
        "ftp://user:se?cret@host/",
        "ftp://user:se#cret@host/",
        "ftp://[secret/",
        "ftp:///folder",
        "ftp://user:secret@",
        f"ftp://host/{'a' * 502}",
    ],
)
def test_what_is_no_uri_or_hides_its_password_badly_is_refused_without_repeating_it(location: str) -> None:
    with pytest.raises(DomainError) as caught:
        check_location(location)
    assert (caught.value.kind, caught.value.field) == (Kind.INVALID, "location")
    assert "secret" not in caught.value.sentence
    assert "cret" not in caught.value.sentence.replace("percent", "")


@pytest.mark.parametrize("location", ["ftp://u:pw@host/a?pw#pw", "https://u:p%2Fw@h:1/x", "ftp://pw@host"])
def test_what_is_taken_can_be_shown_without_its_password(location: str) -> None:
    assert "pw" not in without_credentials(check_location(location))
    assert "p%2Fw" not in without_credentials(location)


@pytest.mark.parametrize(
    ("location", "about"),
    [
        ("ftps://u:p@host/", []),
        ("sftp://u:p@host/", []),
        ("https://u:p@host/", []),
        ("ftp://host/", []),
        ("http://host/", []),
        ("http://u:p@host/", ["in clear with HTTP; HTTPS"]),
        ("ftp://u:p@host/", ["in clear with FTP; FTPS"]),
        ("tftp://host/", ["Few stations know"]),
        ("no uri at all", ["Few stations know"]),
        ("ftp://[", []),
    ],
)
def test_what_looks_wrong_is_said(location: str, about: list[str]) -> None:
    found = doubts_about_location(location)
    assert len(found) == len(about)
    assert all(part in sentence for part, sentence in zip(about, found, strict=True))
