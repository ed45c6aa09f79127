"""What signs somebody in is shown nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.domain.configuration.catalogue import KEYS
from forecourt.redaction import HIDDEN, frame_without_tokens, is_secret_key, without_credentials, without_tokens

SECRET = "c0ffee"
TOKEN = "fct_" + "c0ffee-" * 6 + "_"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ftp://files.example/in/", "ftp://files.example/in/"),
        ("ftp://me:c0ffee@files.example:21/in/", "ftp://***@files.example:21/in/"),
        ("ftp://c0ffee@files.example", "ftp://***@files.example"),
        ("https://files.example/fw.bin?sig=c0ffee&x=1", "https://files.example/fw.bin?***"),
        ("https://files.example/fw.bin#c0ffee", "https://files.example/fw.bin"),
        ("ftp://me:c0ffee@10@files.example/", "ftp://***@files.example/"),
        (f"https://files.example/up/{TOKEN}/", "https://files.example/up/***/"),
        (f"https://files.example/base/down/{TOKEN}/fw.bin", "https://files.example/base/down/***/fw.bin"),
        (f"ftps://t7:{TOKEN}@files.example/", "ftps://***@files.example/"),
        ("//me:c0ffee@files.example/in", "//***@files.example/in"),
        ("", ""),
        ("just/a/path", "just/a/path"),
    ],
)
def test_a_url_is_shown_without_what_signs_in(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "http://me:c0ffee@[files",
        "ftp:me:c0ffee@files.example/in",
        "me:c0ffee@files.example/in",
        "ftp:/me:c0ffee@files.example/in",
        "ftp:///me:c0ffee@files.example/in",
        "FTP://ME:c0ffee@FILES.EXAMPLE",
        " ftp://me:c0ffee@files.example",
        "ftp:\\\\me:c0ffee@files.example",
        "sftp://me:c0ffee@[::1]:22/in",
    ],
)
def test_also_a_url_that_is_none_keeps_its_secret(url: str) -> None:
    """Operators write them by hand, and stations make something of nearly all of them."""
    assert SECRET not in without_credentials(url)


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    shown = without_credentials(text)
    assert without_credentials(shown) in (shown, HIDDEN)


@given(st.text(st.characters(codec="ascii", exclude_characters="/?#\\@[]", categories=["L", "N", "P"]), min_size=1))
def test_no_password_is_shown(password: str) -> None:
    assert without_credentials(f"ftp://me:{password}@files.example/") == "ftp://***@files.example/"


@pytest.mark.parametrize(
    ("key", "is_secret"),
    [
        ("AuthorizationKey", True),
        ("AUTHORIZATIONKEY", True),
        ("WifiPassword", True),
        ("vendor.password.2", True),
        ("VendorAdminPasswd", True),
        ("WiFiPassPhrase", True),
        ("ClientSecret", True),
        ("WLAN_PSK", True),
        ("AuthorizationCacheEnabled", False),
        ("HeartbeatInterval", False),
        ("", False),
    ],
)
def test_secret_keys_are_known_by_their_names(key: str, is_secret: bool) -> None:
    assert is_secret_key(key) is is_secret


def test_of_the_keys_of_the_standard_only_one_is_secret() -> None:
    assert [key.name for key in KEYS if is_secret_key(key.name)] == ["AuthorizationKey"]


@pytest.mark.parametrize(
    "written", [TOKEN, TOKEN[:15], TOKEN.replace("_", "%5F"), TOKEN.replace("_", "%5f").replace("-", "%2D")]
)
def test_a_message_is_taken_in_without_tokens_wherever_they_stand(written: str) -> None:
    """Stations repeat the location that they were told, and cut it where their room ends."""
    frame = f'[2, "fct_is-not-one", "StatusNotification", {{"info": "to http://h/up/{written}/ failed"}}]'
    hidden = frame_without_tokens(frame.encode()).decode()
    assert hidden == frame.replace(written, HIDDEN)
    assert "fct_is-not-one" in hidden, "the answer must name the message"
    assert without_tokens(f"a {written} b") == f"a {HIDDEN} b"


def test_a_message_without_a_token_stays_as_it_is() -> None:
    frame = b'[2,"1","DataTransfer",{"vendorId":"_%","data":"fct_short"}]'
    assert frame_without_tokens(frame) == frame
