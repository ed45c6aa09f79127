"""Whom a station trusts in TLS, what it shows, and which versions and suites it offers, on real handshakes."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

import pytest
from cryptography import x509

from forecourt_simulator.own_certificate import Own
from forecourt_simulator.tls import OLD_TLS, TlsChoice, TlsVersion, anchor_of, client_context
from tests.simulator.authority import Authority, server_tls, the_root, the_server

HOST = "127.0.0.1"


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, *, host: str = HOST) -> tuple[ssl.SSLObject, bytes]:
    """Both ends in memory: the client's side of the connection, and the certificate that the server saw."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    for _ in range(10):
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                continue
        if not waiting:
            return ours, theirs.getpeercert(True) or b""
    raise AssertionError("the handshake does not come to an end")


def trusting(*roots: x509.Certificate, own: Own | None = None, choice: TlsChoice | None = None) -> ssl.SSLContext:
    return client_context(roots, own=own, choice=choice)


def test_a_server_below_an_installed_root_is_trusted_and_the_root_is_known() -> None:
    """A00.FR.307."""
    below = Authority("Below", parent=the_root()).own("csms.example", host=HOST)
    for own in (the_server(), below):
        ours, _ = shake_hands(trusting(Authority("Other").certificate, the_root().certificate), server_tls(own))
        assert anchor_of(ours) == the_root().certificate


def test_a_root_that_another_one_signed_is_an_anchor() -> None:
    """M05.FR.09: the new root of a change is signed by the old one."""
    new = Authority("New")
    signed = Authority("Old").signs_also(new)
    ours, _ = shake_hands(trusting(signed), server_tls(new.own("csms.example", host=HOST)))
    assert anchor_of(ours) == signed


@pytest.mark.parametrize("roots", [[], [Authority("Other").certificate]])
def test_any_other_server_is_refused(roots: Sequence[x509.Certificate]) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(trusting(*roots), server_tls(the_server()))


def test_a_server_of_another_name_is_refused() -> None:
    """A00.FR.308."""
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(trusting(the_root().certificate), server_tls(the_server()), host="127.0.0.2")


def test_the_common_name_is_the_servers_name_where_it_has_no_other() -> None:
    """A00.FR.510, FR.511: certificates without a dNSName."""
    server = server_tls(the_root().own("csms.example"))
    ours, _ = shake_hands(trusting(the_root().certificate), server, host="csms.example")
    assert ours.version() == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(trusting(the_root().certificate), server, host="other.example")


def test_nothing_is_checked_where_that_is_wanted() -> None:
    ours, _ = shake_hands(client_context([], checks_server=False), server_tls(the_server()), host="nobody")
    assert anchor_of(ours) in (None, x509.load_der_x509_certificate(ours.getpeercert(True) or b""))


def test_the_certificate_is_shown_with_its_chain() -> None:
    own = Authority("Below", parent=the_root()).own("SN-1")
    server = server_tls(the_server(), stations=the_root().certificate)
    choice = TlsChoice(version=TlsVersion.TLS_1_2)
    _, seen = shake_hands(trusting(the_root().certificate, own=own, choice=choice), server)
    assert x509.load_der_x509_certificate(seen) == own.leaf


@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"])
def test_suites_can_be_chosen(suite: str) -> None:
    """A00.FR.317."""
    choice = TlsChoice(version=TlsVersion.TLS_1_2, ciphers=suite)
    ours, _ = shake_hands(trusting(the_root().certificate, choice=choice), server_tls(the_server()))
    cipher = ours.cipher()
    assert cipher is not None
    assert cipher[0] == suite


def test_old_versions_are_offered_on_purpose_only() -> None:
    """A00.FR.312, FR.314."""
    server = the_root().own("csms.example", host=HOST, is_rsa=True)
    ours, _ = shake_hands(trusting(the_root().certificate, choice=OLD_TLS), server_tls(server, is_legacy=True))
    assert ours.version() == "TLSv1.1"
    with pytest.raises(ssl.SSLError):
        shake_hands(trusting(the_root().certificate, choice=OLD_TLS), server_tls(server))
    with pytest.raises(ssl.SSLError):
        shake_hands(trusting(the_root().certificate), server_tls(server, is_legacy=True))


def test_a_connection_without_tls_has_no_root() -> None:
    assert anchor_of(None) is None
