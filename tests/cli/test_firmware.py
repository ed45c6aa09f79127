"""Firmware from the command line: files go in and out, and keys sign them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import MAX_FIRMWARE, Shell
from tests.domain.firmware.making import CONTENT, Maker

MAKER = Maker.new()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "fw.bin"
    path.write_bytes(CONTENT)
    return path


def shown(shell: Shell, number: int = 1) -> Any:  # JSON has no narrower type
    return json.loads(shell.read("firmware", "show", str(number), "--json"))


def shelved(shell: Shell) -> list[Path]:
    assert shell.folder is not None
    return [path for path in shell.folder.rglob("*") if path.is_file()]


def test_an_image_is_added_shown_downloaded_and_removed(shell: Shell, file: Path, tmp_path: Path) -> None:
    result = shell.type("firmware", "add", str(file), "--version", "2.0")
    assert result.exit_code == 0, result.output
    assert "no signature" in result.stderr
    image = shown(shell)
    assert (image["name"], image["version"], image["size"], image["signed"]) == ("fw.bin", "2.0", len(CONTENT), False)
    header, row = shell.read("firmware", "list", "--csv").splitlines()
    assert header.split(",") == list(image)
    assert row.startswith("1,fw.bin,")
    shell.read("firmware", "download", "1", str(tmp_path / "copy.bin"))
    assert (tmp_path / "copy.bin").read_bytes() == CONTENT
    assert "File exists" in shell.refuse("firmware", "download", "1", str(tmp_path / "copy.bin"))[1]
    code, line = shell.refuse("firmware", "remove", "1")
    assert (code, "--yes" in line) == (2, True)
    shell.read("firmware", "remove", "1", "--yes")
    assert shelved(shell) == []
    assert "There is no firmware image 1." in shell.refuse("firmware", "show", "1")[1]


def test_what_is_piped_in_needs_a_name(shell: Shell) -> None:
    result = shell.type("firmware", "add", "-", stdin="firmware")
    assert result.exit_code != 0
    assert "--name" in result.stderr
    shell.read("firmware", "add", "-", "--name", "piped", stdin="firmware")
    assert (shown(shell)["name"], shown(shell)["size"]) == ("piped", 8)


def test_the_makers_signature_is_given_with_the_file(shell: Shell, file: Path, tmp_path: Path) -> None:
    MAKER.is_trusted(shell.services)
    signed = MAKER.signs()
    signature, certificate = tmp_path / "fw.sig", tmp_path / "signer.pem"
    signature.write_text(f"{signed.signature[:40]}\n{signed.signature[40:]}\n")
    certificate.write_text(signed.certificate)
    words = ("--signature", str(signature), "--signing-certificate", str(certificate))
    result = shell.type("firmware", "add", str(file), *words)
    assert (result.exit_code, result.stderr) == (0, "")
    assert (shown(shell)["good"], shown(shell)["scheme"]) == (True, "ECDSA with SHA256")
    shell.type("firmware", "signature", "1", "--remove")
    assert shown(shell)["signed"] is False
    shell.read("firmware", "signature", "1", str(signature), "--certificate", str(certificate))
    assert shown(shell)["good"] is True
    assert "belong together" in shell.refuse("firmware", "signature", "1", str(signature))[1]
    assert "--remove" in shell.refuse("firmware", "signature", "1")[1]


def test_a_key_is_made_and_signs(shell: Shell, file: Path) -> None:
    shell.type("firmware", "add", str(file))
    shell.read("firmware", "key", "make", "main", "--common-name", "Our Firmware", "--family", "ecdsa")
    result = shell.type("firmware", "sign", "1", "--key", "main")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (shown(shell)["good"], shown(shell)["signedBy"]) == (True, "main")
    assert shell.read("firmware", "key", "root", "main").startswith("-----BEGIN CERTIFICATE-----")
    assert shell.read("firmware", "key", "certificate", "main") != shell.read("firmware", "key", "root", "main")
    shell.read("firmware", "key", "make", "next", "--common-name", "Next", "--family", "ecdsa", "--root", "main")
    assert shell.read("firmware", "key", "root", "next") == shell.read("firmware", "key", "root", "main")
    assert "rsa-pss-sha256" in shell.refuse("firmware", "sign", "1", "--key", "main", "--scheme", "md5")[1]
    shell.read("firmware", "key", "remove", "main", "--yes")
    assert "There is no firmware key 'main'." in shell.refuse("firmware", "sign", "1", "--key", "main")[1]


def test_a_makers_key_is_imported_and_not_shown(shell: Shell, tmp_path: Path) -> None:
    certificate, key, password = tmp_path / "signer.pem", tmp_path / "signer.key", tmp_path / "password"
    certificate.write_text(MAKER.signer.pem)
    key.write_text(MAKER.signer.encrypted_key_pem(b"open sesame"))
    password.write_text("open sesame\n")
    words = ("--certificate", str(certificate), "--key", str(key))
    assert "password" in shell.refuse("firmware", "key", "import", "own", *words)[1]
    shell.read("firmware", "key", "import", "own", *words, "--password-file", str(password))
    listed = json.loads(shell.read("firmware", "key", "show", "own", "--json"))
    assert (listed["madeHere"], listed["root"]) == (False, None)
    assert "PRIVATE" not in shell.read("firmware", "key", "list")
    assert "ask its maker" in shell.refuse("firmware", "key", "root", "own")[1]


def test_an_image_is_described_and_checked_again(shell: Shell, file: Path) -> None:
    shell.type("firmware", "add", str(file), "--vendor", "Maker")
    shell.type("firmware", "describe", "1", "--model", "M", "--vendor", "")
    image = shown(shell)
    assert (image["name"], image["model"], image["vendor"]) == ("fw.bin", "M", None)
    shell.type("firmware", "describe", "1", "--name", "other.bin")
    assert shown(shell)["name"] == "other.bin"
    assert "no signature" in shell.type("firmware", "check", "1").stderr


def test_a_file_that_cannot_be_kept_is_refused_and_leaves_nothing(shell: Shell, tmp_path: Path) -> None:
    large, empty = tmp_path / "large", tmp_path / "empty"
    large.write_bytes(b"x" * (MAX_FIRMWARE + 1))
    empty.write_bytes(b"")
    assert "most that is taken" in shell.refuse("firmware", "add", str(large))[1]
    assert "empty" in shell.refuse("firmware", "add", str(empty))[1]
    assert "cannot be read" in shell.refuse("firmware", "add", str(tmp_path / "missing"))[1]
    assert shelved(shell) == []
