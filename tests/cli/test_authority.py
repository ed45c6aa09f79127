"""Commands for authorities and for the own one."""

from __future__ import annotations

from pathlib import Path

from forecourt.domain.authorities.model import Phase, Rank
from tests.cli.shell import Shell
from tests.support.clock import FakeClock
from tests.support.own_house import OwnHouse
from tests.support.workspace import services_without_token

SECRET = "kept-under-lock-and-key"


def test_an_authority_comes_changes_is_chosen_and_goes(shell: Shell, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(f"{SECRET}\n")
    ran = shell.type(
        *("authority", "add", "city", "--kind", "vault", "--set", "address=https://vault.example"),
        *("--set", "role=stations", "--set-file", f"token={secret}"),
    )
    assert ran.exit_code == 0, ran.output
    assert SECRET not in ran.output
    assert shell.workspace.services.authorities.opened("city").secrets == {"token": SECRET}
    assert "mount=x" in shell.type("authority", "change", "city", "--set", "mount=x").output
    chosen = shell.type("authority", "choose", "--server", "city", "--group", "north=own")
    assert chosen.exit_code == 0
    assert "import its root" in chosen.stderr
    assert shell.type("authority", "remove", "city", "--yes").exit_code == 4
    shell.type("authority", "choose", "--server", "own")
    assert shell.type("authority", "remove", "city", "--yes").exit_code == 0
    assert "city" not in shell.type("authority", "list").output


def test_a_setting_without_a_value_is_refused(shell: Shell) -> None:
    ran = shell.type("authority", "add", "city", "--kind", "acme", "--set", SECRET)
    assert ran.exit_code == 2
    assert SECRET not in ran.output


def test_the_kinds_are_told(shell: Shell) -> None:
    assert "provisioner" in shell.type("authority", "kinds").output


def test_the_own_authority_is_made_shown_and_rolled_over(shell: Shell) -> None:
    house = OwnHouse(workspace=shell.workspace)
    refused = shell.type("ca", "create", "--organisation", " Power")
    assert refused.exit_code == 2
    assert shell.type("ca", "create", "--organisation", "Power").exit_code == 0
    house.keep()
    assert house.has(Rank.ROOT).certificate.organisations == ("Power",)
    root = house.has(Rank.ROOT)
    assert root.fingerprint in shell.type("ca", "show", "--json").output
    assert shell.type("ca", "export", root.fingerprint).output == root.certificate.pem
    assert shell.type("ca", "roll-root", "--family", "ecdsa").exit_code == 0
    assert shell.type("ca", "roll-issuing", "--family", "ecdsa").exit_code == 0
    assert "ecdsa issuing" in shell.type("ca", "status").output
    assert shell.type("ca", "cancel-roll", "--family", "ecdsa", "--rank", "issuing").exit_code == 0
    assert "ecdsa issuing" not in shell.type("ca", "status").output
    house.keep()
    following = house.has(Rank.ROOT, Phase.NEXT)
    assert following.cross is not None
    assert shell.type("ca", "export", following.fingerprint, "--cross").output == following.cross.pem
    assert shell.type("ca", "retire", root.fingerprint, "--yes").exit_code == 4
    assert shell.type("ca", "activate", following.fingerprint, "--yes").exit_code == 0
    house.keep()
    shell.workspace.services.own_ca.roll_issuing(root.family, asked_by="test")
    house.keep()
    assert shell.type("ca", "retire", root.fingerprint, "--yes").exit_code == 0


def test_the_policy_is_changed_in_part(shell: Shell) -> None:
    assert "stationDays\t30" in shell.type("ca", "policy", "--station-days", "30", "--pss").output
    assert shell.workspace.services.own_ca.policy().uses_pss
    assert shell.type("ca", "policy", "--station-days", "99999").exit_code == 2


def test_keys_go_into_no_token_that_the_settings_do_not_name(shell: Shell) -> None:
    shell.workspace.services = services_without_token(shell.workspace.unit, FakeClock())
    code, line = shell.refuse("ca", "policy", "--token", "--station-days", "30")
    assert code == 2
    assert "[pkcs11]" in line
    assert shell.workspace.services.own_ca.policy().station_days == 365
    assert shell.type("ca", "policy", "--no-token").exit_code == 0


def test_a_certificate_is_revoked_and_released(shell: Shell, tmp_path: Path) -> None:
    house = OwnHouse(workspace=shell.workspace).created()
    leaf = house.issue("SN-1").chain[0]
    file = tmp_path / "leaf.pem"
    file.write_text(leaf.pem)
    ran = shell.type("ca", "revoke", "--certificate", str(file), "--reason", "certificateHold", "--yes")
    assert ran.exit_code == 0, ran.output
    assert leaf.serial in shell.type("ca", "revoked").output
    names = ("--issuer-hash", leaf.issuer_hash, "--serial", leaf.serial)
    assert shell.type("ca", "release", *names).exit_code == 0
    assert shell.type("ca", "revoke", "--serial", leaf.serial, "--yes").exit_code == 2
