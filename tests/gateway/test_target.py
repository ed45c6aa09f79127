"""What a request to open a link says (OCPP-J 1.6 §3)."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.gateway.refusals import Refused
from forecourt.gateway.target import PATHS, choose_subprotocol, read_identity, read_subprotocols

SPOKEN = ["ocpp1.6", "ocpp2.0.1"]

IDENTITIES = {
    "CP-1": "CP-1",
    "RDAM%20123": "RDAM 123",
    "RDAM+123": "RDAM+123",
    "CP%2D1": "CP-1",
    "cp-1": "cp-1",
    "%c3%a4": "ä",
    "ä": "ä",
    "%E7%AB%99": "站",
    "%2541": "%41",  # decoded once
    "100%25": "100%",
    "100%": "100%",
    "CP%ZZ": "CP%ZZ",
    "CP%3F1": "CP?1",
    "CP%231": "CP#1",
    "CP%5C1": "CP\\1",
    "..": "..",
    "x" * 255: "x" * 255,
    "%C3%A4" * 255: "ä" * 255,
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("segment", "identity"), IDENTITIES.items(), ids=lambda text: text[:20])
def test_the_identity_is_the_last_segment_decoded_once(path: str, segment: str, identity: str) -> None:
    """OCPP-J 1.6 §3.1.1."""
    assert read_identity(path + segment) == identity


REFUSED = {
    "": 404,
    "/": 404,
    "/CP-1": 404,
    "/ocpp": 404,
    "/OCPP/CP-1": 404,
    "/ocppj/CP-1": 404,
    "//ocpp/CP-1": 404,
    "/x/ocpp/CP-1": 404,
    "/steve/websocket/CP-1": 404,
    "ocpp/CP-1": 404,
    "http://host/ocpp/CP-1": 404,
    "/ocpp/CP-1/": 404,
    "/ocpp//CP-1": 404,
    "/ocpp/north/CP-1": 404,
    "/steve/websocket/CentralSystemService/a/b": 404,
    "/ocpp/": 400,
    "/steve/websocket/CentralSystemService/": 400,
    "/ocpp/%20": 400,
    "/ocpp/CP-1%20": 400,
    "/ocpp/%00": 400,
    "/ocpp/CP%0D%0A1": 400,
    "/ocpp/A%2FB": 400,  # part of the identity, and no identity may have one
    "/ocpp/A%2fB": 400,
    "/ocpp/A:B": 400,
    "/ocpp/A%3AB": 400,
    "/ocpp/%FF": 400,
    "/ocpp/%C3": 400,
    "/ocpp/%ED%A0%80": 400,  # half of a surrogate pair
    "/ocpp/%C0%AF": 400,  # a slash in more bytes than it has
    "/ocpp/CP\udcff": 400,  # a byte that is no UTF-8, as servers hand it on
    "/ocpp/" + "x" * 256: 400,
}


@pytest.mark.parametrize(("path", "status"), REFUSED.items(), ids=lambda value: ascii(value)[:40])
def test_other_paths_and_impossible_identities_are_refused(path: str, status: int) -> None:
    refused = read_identity(path)

    assert isinstance(refused, Refused)
    assert refused.status == status
    assert refused.reason


def test_a_wrong_path_is_answered_with_the_right_one() -> None:
    assert read_identity("/CP-1") == Refused(404, "stations connect at /ocpp/IDENTITY")


@given(st.text("abc ÄÖ站%+?#&=.~\\😀0", min_size=1).filter(lambda identity: identity == identity.strip()))
def test_an_identity_that_was_encoded_is_read_as_it_was(identity: str) -> None:
    assert read_identity("/ocpp/" + quote(identity, safe="")) == identity


@given(st.text())
def test_any_path_gives_an_identity_or_a_refusal(rest: str) -> None:
    result = read_identity("/ocpp/" + rest)

    assert isinstance(result, Refused) or 0 < len(result) <= 255


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["ocpp1.6"], "ocpp1.6"),
        (["ocpp1.6", "ocpp2.0.1"], "ocpp1.6"),
        (["ocpp2.0.1", "ocpp1.6"], "ocpp2.0.1"),
        (["ocpp2.1", "ocpp1.5", "ocpp1.6"], "ocpp1.6"),
        (["ocpp1.6", "ocpp1.6"], "ocpp1.6"),
    ],
)
def test_the_first_version_in_the_stations_order_that_is_spoken_wins(offered: list[str], chosen: str) -> None:
    """OCPP-J 1.6 §3.1.3."""
    assert choose_subprotocol(offered, SPOKEN) == chosen


@pytest.mark.parametrize("offered", [[], ["ocpp1.5"], ["OCPP1.6"], ["ocpp1.6j"], ["ocpp1.6 "], [""]])
def test_without_a_common_version_the_upgrade_is_refused(offered: list[str]) -> None:
    """TC_088 of the certification."""
    refused = choose_subprotocol(offered, SPOKEN)

    assert isinstance(refused, Refused)
    assert refused.status == 400
    assert "ocpp1.6, ocpp2.0.1" in refused.reason


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("ocpp1.6", ["ocpp1.6"]),
        ("ocpp2.0.1, ocpp1.6", ["ocpp2.0.1", "ocpp1.6"]),
        ("ocpp2.0.1,ocpp1.6", ["ocpp2.0.1", "ocpp1.6"]),
        (" ocpp1.6\t, ", ["ocpp1.6"]),
        (",,ocpp1.6,", ["ocpp1.6"]),
        ("", []),
        (" , ", []),
    ],
)
def test_the_versions_in_a_header_are_read_in_their_order(header: str, names: list[str]) -> None:
    assert read_subprotocols(header) == names
