"""Tests of chains: who issued whom, and for which hosts."""

from __future__ import annotations

import pytest

from forecourt.pki.chain import host_names, is_issued_by
from tests.support.authority import Authority, Issued
from tests.support.clock import NOON

ROOT = Authority.root(now=NOON)
SUB = ROOT.sub()
HOST = "csms.example.com"


def test_an_issuer_is_known_by_its_name_and_its_signature() -> None:
    leaf = SUB.leaf().certificate
    assert is_issued_by(leaf, SUB.certificate)
    assert is_issued_by(SUB.certificate, ROOT.certificate)
    assert is_issued_by(ROOT.certificate, ROOT.certificate)
    assert is_issued_by(ROOT.cross(SUB), ROOT.certificate)
    assert not is_issued_by(leaf, ROOT.certificate)
    same_name = Authority.root(now=NOON)
    assert not is_issued_by(SUB.certificate, same_name.certificate), "another key under the same name"
    same_key = Authority.root("Another name", key=ROOT.signing_key, now=NOON)
    assert not is_issued_by(SUB.certificate, same_key.certificate), "the same key under another name"


@pytest.mark.parametrize(
    ("leaf", "names"),
    [
        (SUB.leaf("ignored", dns=[HOST, "*.example.com"]), (HOST, "*.example.com")),
        (SUB.leaf("ignored", dns=[HOST], addresses=["192.0.2.1", "2001:db8::1"]), (HOST, "192.0.2.1", "2001:db8::1")),
        (SUB.leaf(HOST), ()),
        (SUB.leaf(HOST, bare=True), ()),
    ],
)
def test_hosts_are_those_of_the_alternative_names(leaf: Issued, names: tuple[str, ...]) -> None:
    assert host_names(leaf.certificate) == names
