"""Trust on the command line: certificates, revocations, server certificates and the policy."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path

import pytest

from forecourt.domain.trust.held import How, Use
from forecourt.domain.trust.model import Policy
from tests.cli.shell import Shell
from tests.support.authority import Authority, Issued
from tests.support.clock import NOON

ROOT = Authority.root(now=NOON)
SUB = ROOT.sub()
FINGERPRINT = ROOT.certificate.fingerprint


@pytest.fixture
def server() -> Issued:
    return SUB.leaf("csms.example.com", dns=["csms.example.com"])


def written(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def imported(shell: Shell, *pem: str) -> None:
    shell.read("trust", "import", "-", "--for", "stationIdentity", stdin="".join(pem))


def test_certificates_are_imported_from_files_and_pipes(shell: Shell, tmp_path: Path) -> None:
    path = written(tmp_path / "ca.pem", ROOT.pem)
    rows = json.loads(shell.read("trust", "import", path, "--for", "stationIdentity", "--for", "serverChain", "--json"))
    assert [(row["outcome"], row["role"], row["fingerprint"]) for row in rows] == [("added", "anchor", FINGERPRINT)]
    rows = json.loads(shell.read("trust", "import", "-", "--for", "onboarding", "--json", stdin=ROOT.pem + SUB.pem))
    assert [row["outcome"] for row in rows] == ["extended", "added"]
    der = written(tmp_path / "other.der", Authority.root("Other", now=NOON).certificate.der)
    assert "\tadded\t" in shell.read("trust", "import", der, "--for", "firmwareSigning", "--role", "intermediate")
    assert shell.services.trust.get(FINGERPRINT).added_by.startswith("command line (")


def test_what_is_refused_is_told_and_the_exit_code_says_so(shell: Shell) -> None:
    leaf = ROOT.leaf().pem
    result = shell.type("trust", "import", "-", "--for", "stationIdentity", stdin=leaf + ROOT.pem)
    assert result.exit_code == 6
    assert "1\trefused" in result.stdout
    assert "2\tadded" in result.stdout


def test_files_that_cannot_be_read_are_refused(shell: Shell, tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")
    assert shell.refuse("trust", "import", missing, "--for", "stationIdentity") == (
        2,
        f"forecourt: The file {missing!r} cannot be read: No such file or directory.\n",
    )
    code, line = shell.refuse("trust", "import", str(tmp_path), "--for", "stationIdentity")
    assert (code, "Is a directory" in line) == (2, True)
    large = written(tmp_path / "large", b"x" * (2 * 1024 * 1024 + 1))
    assert "longer than" in shell.refuse("trust", "import", large, "--for", "stationIdentity")[1]
    assert shell.refuse("trust", "import", "/dev/null", "--for", "stationIdentity")[0] == 2


def test_a_certificate_is_listed_shown_changed_and_removed(shell: Shell) -> None:
    imported(shell, ROOT.pem, SUB.pem)
    rows = list(csv.DictReader(io.StringIO(shell.read("trust", "list", "--csv"))))
    assert [row["role"] for row in rows] == ["intermediate", "anchor"]
    assert [row["fingerprint"] for row in json.loads(shell.read("trust", "list", "--role", "anchor", "--json"))] == [
        FINGERPRINT
    ]
    assert shell.read("trust", "list", "--for", "onboarding", "--json") == "[]\n"
    assert shell.read("trust", "show", FINGERPRINT, "--pem") == ROOT.pem
    shown = json.loads(shell.read("trust", "show", FINGERPRINT, "--json"))
    assert (shown["purposes"], shown["enabled"], shown["origin"]) == (["stationIdentity"], True, "operator")
    assert shell.read("trust", "list", "--origin", "ocpp", "--json") == "[]\n"
    assert shell.refuse("trust", "set", FINGERPRINT, "--disable")[0] == 2, "nobody is there to confirm it"
    result = shell.type("trust", "set", FINGERPRINT, "--disable", "--for", "serverChain", "--yes")
    assert result.exit_code == 0
    assert "Warning: No anchor is left for stationIdentity" in result.stderr
    assert "enabled\tfalse" in result.stdout
    assert shell.refuse("trust", "remove", FINGERPRINT)[0] == 2, "nobody is there to confirm it"
    again = shell.type("trust", "import", "-", "--for", "onboarding", stdin=ROOT.pem)
    assert (again.exit_code, "It is disabled, and stays so" in again.stdout) == (6, True)
    shell.read("trust", "remove", FINGERPRINT, "--yes")
    assert shell.refuse("trust", "show", FINGERPRINT)[0] == 3


def test_a_certificate_is_revoked_and_that_is_taken_back(shell: Shell, tmp_path: Path) -> None:
    leaf = ROOT.leaf("SN-1", serial=0xAB)
    path = written(tmp_path / "leaf.pem", leaf.pem)
    issuer = leaf.certificate.issuer_hash
    assert shell.refuse("trust", "revoke", path)[0] == 2
    assert "serial\tAB" in shell.read("trust", "revoke", path, "--reason", "stolen", "--yes")
    shell.read("trust", "revoke", "--issuer-hash", issuer, "--serial", "0c", "--yes")
    rows = json.loads(shell.read("trust", "revocations", "--json"))
    assert [(row["serial"], row["reason"]) for row in rows] == [("C", ""), ("AB", "stolen")]
    assert rows[0]["notAfter"] is None
    assert datetime.fromisoformat(rows[1]["notAfter"]) == leaf.certificate.not_after
    assert shell.refuse("trust", "revoke", path, "--yes")[0] == 4
    assert shell.refuse("trust", "unrevoke", issuer, "AB")[0] == 2, "nobody is there to confirm it"
    shell.read("trust", "unrevoke", issuer, "AB", "--yes")
    assert not shell.services.trust.is_revoked(issuer, "AB")
    both = [path, "--serial", "1", "--issuer-hash", issuer]
    for words in ([], both, both[:3], [path, "--issuer-hash", issuer], ["--serial", "1"]):
        assert shell.refuse("trust", "revoke", *words, "--yes")[0] == 2


def test_the_list_of_an_outside_ca_is_imported_and_forgotten(shell: Shell, tmp_path: Path) -> None:
    imported(shell, ROOT.pem)
    path = written(tmp_path / "ca.crl", ROOT.crl(1, 2))
    assert "entries\t2" in shell.read("trust", "import-crl", path)
    [row] = json.loads(shell.read("trust", "crls", "--json"))
    shell.read("trust", "remove-crl", row["issuerHash"], "--yes")
    assert shell.read("trust", "crls", "--json") == "[]\n"


def test_what_a_station_holds_is_listed(shell: Shell) -> None:
    station = shell.a_station()
    shell.services.trust.hold(station, Use.CHARGE_POINT, ROOT.leaf().certificate, How.PRESENTED)
    [row] = json.loads(shell.read("trust", "held", "CP-1", "--json"))
    assert (row["use"], row["how"]) == ("chargePoint", "presented")
    assert shell.refuse("trust", "held", "CP-2")[0] == 3


def test_a_server_certificate_is_given_with_its_key_which_is_never_shown(
    shell: Shell, server: Issued, tmp_path: Path
) -> None:
    chain, key = (str(path) for path in server.write(tmp_path))
    given = shell.type("server-certificate", "put", "main", "--chain", chain, "--key", key)
    assert given.exit_code == 0, given.output
    assert "csms.example.com" in given.stdout
    assert "A00.FR.317" in given.stderr
    shell.read("server-certificate", "put", "main", "--chain", chain, "--key", "-", stdin=server.key_pem)
    outputs = [
        given.output,
        shell.read("server-certificate", "list", "--json"),
        shell.read("server-certificate", "list", "--csv"),
        shell.read("server-certificate", "show", "main"),
        shell.read("server-certificate", "show", "main", "--json"),
        shell.read("server-certificate", "disable", "main"),
        shell.read("server-certificate", "enable", "main"),
    ]
    assert shell.read("server-certificate", "show", "main", "--pem") == server.chain_pem
    middle = server.key_pem.splitlines()[1]
    assert not any(middle in output or "PRIVATE" in output for output in outputs)
    assert shell.refuse("server-certificate", "remove", "main")[0] == 2
    shell.read("server-certificate", "remove", "main", "--yes")
    assert shell.refuse("server-certificate", "show", "main")[0] == 3


def test_the_password_of_a_key_comes_from_a_file(shell: Shell, server: Issued, tmp_path: Path) -> None:
    chain = written(tmp_path / "chain.pem", server.chain_pem)
    key = written(tmp_path / "key.pem", server.encrypted_key_pem(b"open sesame"))
    put = ("server-certificate", "put", "main", "--chain", chain, "--key", key)
    code, line = shell.refuse(*put)
    assert (code, "password" in line) == (2, True)
    wrong = written(tmp_path / "wrong", "open barley\n")
    code, line = shell.refuse(*put, "--password-file", wrong)
    assert (code, "barley" in line) == (2, False)
    shell.read(*put, "--password-file", "-", stdin="open sesame\n")
    two = ("server-certificate", "put", "main", "--chain", "-", "--key", "-")
    assert "Only one of the files" in shell.refuse(*two)[1]


def test_the_policy_is_changed_in_part(shell: Shell) -> None:
    shell.read("policy", "set", "--cpo-name", "Power", "--trust", "Acme", "--trust", "Maker", "--listener", "ws=0,1")
    shell.read("policy", "set", "--new-station-profile", "2", "--revocation", "hard", "--distrust", "Acme")
    shell.read("policy", "set", "--renew-before-days", "60", "--renewals-per-minute", "600")
    assert json.loads(shell.read("policy", "show", "--json")) == {
        "cpoName": "Power",
        "trustedOrganisations": ["Maker"],
        "newStationProfile": 2,
        "revocation": "hard",
        "listeners": ["ws=0,1"],
        "renewBeforeDays": 60,
        "renewalsPerMinute": 600,
    }
    shell.read(
        "policy", "set", "--cpo-name", "", "--distrust", "Maker", "--listener", "ws=", "--new-station-profile", "0"
    )
    shell.read("policy", "set", "--revocation", "soft", "--renew-before-days", "30", "--renewals-per-minute", "60")
    assert shell.services.trust.policy() == Policy()


@pytest.mark.parametrize("rule", ["wss", "wss=4", "=1", "wss=a"])
def test_a_rule_for_a_listener_that_says_nothing_is_refused(shell: Shell, rule: str) -> None:
    code, line = shell.refuse("policy", "set", "--listener", rule)
    assert (code, "write it like wss=2,3" in line) == (2, True)


def test_who_revokes_a_ca_is_told_what_follows(shell: Shell, tmp_path: Path) -> None:
    imported(shell, ROOT.pem, SUB.pem)
    result = shell.type("trust", "revoke", written(tmp_path / "sub.pem", SUB.pem), "--yes")
    assert result.exit_code == 0
    assert "every certificate whose path leads over it" in result.stderr


def test_a_policy_that_protects_less_is_warned_of(shell: Shell) -> None:
    shell.read("policy", "set", "--revocation", "hard")
    result = shell.type("policy", "set", "--revocation", "off", "--listener", "yard=2")
    assert "Warning: revocation is off now and was hard" in result.stderr
    assert "Warning: Whether there is a listener 'yard' cannot be checked" in result.stderr


def test_what_cannot_be_read_any_more_is_listed(shell: Shell) -> None:
    assert shell.read("trust", "unusable", "--json") == "[]\n"
