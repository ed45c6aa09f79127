"""Jobs at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forecourt.domain.jobs.model import JobDraft, JobKind, JobNumber
from tests.cli.shell import Shell
from tests.support.carrying import Carrying


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "shelf")


def installing(shell: Shell, tmp_path: Path) -> JobNumber:
    """A job that installs a firmware image."""
    file = tmp_path / "fw.bin"
    file.write_bytes(b"firmware")
    shell.read("firmware", "add", str(file))
    shell.a_station("CP-1")
    shell.type("op", "InstallFirmware", "CP-1", "--image", "1", "--when-online", "--yes")
    [job] = json.loads(shell.read("job", "list", "--json"))
    return JobNumber(job["job"])


def a_log(shell: Shell, identity: str = "CP-2") -> JobNumber:
    draft = JobDraft(kind=JobKind.SECURITY_LOG, operation="CollectLog", asked_by="admin", location="https://here/")
    return shell.services.jobs.add(shell.a_station(identity), draft)


def test_a_job_shows_which_image_it_installs(shell: Shell, tmp_path: Path) -> None:
    number = installing(shell, tmp_path)
    shown = json.loads(shell.read("job", "show", str(number), "--json"))
    assert (shown["image"], shown["imageName"], shown["kind"]) == (1, "fw.bin", "firmware")
    assert "imageName\tfw.bin" in shell.read("job", "show", str(number)).splitlines()
    header, row = shell.read("job", "list", "--csv").splitlines()
    assert header.split(",") == list(shown)
    cells = dict(zip(header.split(","), row.split(","), strict=True))
    assert (cells["image"], cells["imageName"]) == ("1", "fw.bin")


def test_jobs_are_found_by_what_they_are(shell: Shell, tmp_path: Path) -> None:
    firmware, log = installing(shell, tmp_path), a_log(shell)

    def listed(*options: str) -> list[int]:
        return [one["job"] for one in json.loads(shell.read("job", "list", "--json", *options))]

    assert listed() == [log, firmware]
    assert listed("--image", "1") == [firmware]
    assert listed("--image", "2") == []
    assert listed("--kind", "securityLog") == [log]
    assert listed("--station", "CP-1") == [firmware]
    shell.services.jobs.give_up(log, "admin")
    assert (listed("--open"), listed("--ended")) == ([firmware], [log])


def test_the_reports_of_a_job_are_listed(shell: Shell, tmp_path: Path) -> None:
    number = installing(shell, tmp_path)
    station = shell.services.provisioning.find_station("CP-1")
    assert station is not None
    Carrying(shell.services, station).does()
    shell.services.firmware.report(station, "Downloading")
    shell.services.firmware.report(station, "DownloadFailed")
    reports = json.loads(shell.read("job", "reports", str(number), "--json"))
    assert [one["status"] for one in reports] == ["Downloading", "DownloadFailed"]
    assert shell.read("job", "reports", str(number), "--csv").splitlines()[0] == "status,requestId,doubts,receivedAt"


def test_a_job_is_given_up_after_a_question(shell: Shell) -> None:
    number = str(a_log(shell))
    assert "--yes" in shell.refuse("job", "give-up", number)[1]
    shell.read("job", "give-up", number, "--yes")
    assert json.loads(shell.read("job", "show", number, "--json"))["state"] == "cancelled"


@pytest.mark.parametrize("command", ["show", "reports"])
def test_a_job_that_does_not_exist_is_told(shell: Shell, command: str) -> None:
    assert shell.refuse("job", command, "7") == (3, "forecourt: There is no job 7.\n")
    assert "`forecourt job list` lists them" in shell.type("job", command, "x").stderr
