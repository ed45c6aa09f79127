"""Managed server certificates on the command line."""

from __future__ import annotations

import json

from tests.cli.shell import Shell

GROUP = ("server-certificate", "managed")


def test_one_is_put_listed_renewed_and_removed(shell: Shell) -> None:
    put = shell.type(*GROUP, "put", "main", "--host", "csms.example.com", "--host", "127.0.0.1", "--fast")
    assert put.exit_code == 0, put.output
    listed = json.loads(shell.read(*GROUP, "list", "--json"))
    assert [(one["serverCertificate"], one["state"], one["fastExpiry"]) for one in listed] == [
        ("main-ecdsa", "wanted", True),
        ("main-rsa", "wanted", True),
    ]
    assert listed[0]["hostNames"] == ["csms.example.com", "127.0.0.1"]
    assert "main-ecdsa" in shell.read(*GROUP, "show", "main")
    assert "wanted" in shell.read(*GROUP, "renew", "main")
    shell.read(*GROUP, "remove", "main", "--yes")
    assert shell.refuse(*GROUP, "show", "main")[0] == 3


def test_a_wish_is_as_exact_as_it_is_over_rest(shell: Shell) -> None:
    warned = shell.type(
        *GROUP,
        "put",
        "main",
        "--host",
        "csms.example.com",
        "--key",
        "rsa",
        "--renew-before",
        "36",
        "--authority",
        "own",
    )
    assert "Warning: It has no key of the kind ecdsa" in warned.stderr
    (line,) = shell.read(*GROUP, "list", "--csv").splitlines()[1:]
    assert line.startswith("main,csms.example.com,own,false,36.0,main-rsa,wanted,")
    code, said = shell.refuse(*GROUP, "put", "main", "--host", "*.example.com")
    assert (code, "any host of a domain" in said) == (2, True)
