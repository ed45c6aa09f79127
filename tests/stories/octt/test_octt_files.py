"""The certification tool's case of the security log with the files themselves: they come to the system's own door, by
every protocol that a station may know (security whitepaper N01)."""

from __future__ import annotations

import ftplib
import hashlib
import io
import re
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.stories.moments import ago
from tests.stories.octt.cases import case
from tests.stories.octt.states import a_link, boot
from tests.stories.stores import STORES, store_url
from tests.stories.waiting import eventually
from tests.support.authority import Authority
from tests.support.peer import Peer
from tests.support.rest import Json
from tests.support.running import RunningSystem

LOG = b"2026-01-01T00:00:00Z SettingSystemTime\n" * 5000
NAME = "log-2026.txt"
TOKEN = re.compile("fct_[A-Za-z0-9_-]{43}")


class Site:
    """A system with every door for files, and the root that its stations trust."""

    def __init__(self, system: RunningSystem, root: Authority) -> None:
        self.system = system
        self.tls = ssl.create_default_context(cadata=root.certificate.pem)

    def has_tls(self) -> bool:
        """Whether the doors present the certificate that was given to the system a moment ago."""
        settings = self.system.environment()
        try:
            with _http(self) as client:
                client.get(f"https://{settings['FORECOURT_FILES_TLS']}/")
            host, port = settings["FORECOURT_FILES_FTP"].split(":")
            with ftplib.FTP_TLS(context=self.tls, timeout=20) as ftp:
                ftp.connect(host, int(port))
                ftp.auth()
        except (OSError, httpx.TransportError, ftplib.Error):
            return False
        return True


@pytest.fixture(scope="module", params=STORES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with store_url(request) as url:
        system = RunningSystem(tmp_path_factory.mktemp("files"), url, has_all_file_doors=True)
        system.start()
        try:
            root = Authority.root()
            for name, key in (("rsa", "RSA 2048"), ("ec", "EC P-256")):
                issued = root.sub().leaf("localhost", key=key, addresses=["127.0.0.1"], dns=["localhost"])
                system.rest.put_server_certificate(name, issued.chain_pem, issued.key_pem)
            site = Site(system, root)
            eventually(site.has_tls, "HTTPS and FTPS with the certificate")
            yield site
        finally:
            system.close()


def put(site: Site, location: str) -> None:
    assert _http(site).put(location + NAME, content=LOG).status_code == 201


def put_in_chunks(site: Site, location: str) -> None:
    pieces = (LOG[start : start + 9999] for start in range(0, len(LOG), 9999))
    assert _http(site).put(location + NAME, content=pieces).status_code == 201


def post(site: Site, location: str) -> None:
    assert _http(site).post(location, files={"file": (NAME, LOG)}).status_code == 201


def store(site: Site, location: str) -> None:
    parts = urlsplit(location)
    client = ftplib.FTP_TLS(context=site.tls, timeout=20) if parts.scheme == "ftps" else ftplib.FTP(timeout=20)
    with client:
        assert parts.hostname
        assert parts.port
        assert parts.username
        assert parts.password
        client.connect(parts.hostname, parts.port)
        client.login(parts.username, parts.password)
        if isinstance(client, ftplib.FTP_TLS):
            client.prot_p()
        client.cwd(parts.path)
        assert client.storbinary(f"STOR {NAME}", io.BytesIO(LOG)).startswith("226")


def _http(site: Site) -> httpx.Client:
    return httpx.Client(verify=site.tls, trust_env=False, timeout=20)


WAYS = [
    ("HTTP", "http", put),
    ("HTTP", "http", put_in_chunks),
    ("HTTP", "http", post),
    ("HTTP,HTTPS", "https", put),
    ("FTP", "ftp", store),
    ("FTP,FTPS", "ftps", store),
]


@case("079")
@pytest.mark.parametrize("log", ["Security", "Diagnostics"])
@pytest.mark.parametrize(
    ("spoken", "carrier", "upload"), WAYS, ids=["put", "put in chunks", "post", "https", "ftp", "ftps"]
)
def test_tc_079_csms_a_log_comes_to_the_system_itself(
    site: Site, spoken: str, carrier: str, upload: Callable[[Site, str], None], log: str
) -> None:
    rest = site.system.rest
    with a_link(site.system) as peer:
        boot(peer)
        assert peer.security_event("StartupOfTheDevice", ago()) == {}
        tell_protocols(site, peer, spoken)
        peer.answers("GetLog", {"status": "Accepted", "filename": NAME})
        errand = rest.operate(peer.identity, "CollectLog", {"log": log})
        assert errand["state"] == "answered"
        action, words = peer.calls[-1]
        assert (action, words["logType"]) == ("GetLog", f"{log}Log")
        location = words["log"]["remoteLocation"]
        assert urlsplit(location).scheme == carrier

        number = words["requestId"]
        assert peer.log_status("Uploading", number) == {}
        upload(site, location)
        [token] = TOKEN.findall(location)
        peer.data_transfer("v", None, f"sent to {location}")
        peer.status(1, "Available", info=token)
        assert peer.security_event("ReconfigurationOfSecurityParameters", ago(), f"sent to {location}") == {}
        assert peer.log_status("Uploaded", number) == {}

    [job] = rest.jobs(stationId=peer.identity)
    sheet = rest.job(job["job"])
    assert (sheet["job"]["state"], sheet["job"]["fileName"]) == ("done", NAME)
    [file] = sheet["files"]
    assert [file] == rest.items("/files", {"stationId": peer.identity})
    assert (file["name"], file["size"], file["sha256"]) == (NAME, len(LOG), hashlib.sha256(LOG).hexdigest())
    assert (file["carrier"], file["job"], file["address"]) == (carrier, job["job"], "127.0.0.1")
    assert rest.raw("GET", f"/files/{file['file']}/content").content == LOG
    assert_shown_nowhere(site, peer, location)


def tell_protocols(site: Site, peer: Peer, spoken: str) -> None:
    """OCPP 1.6 §9.1.26."""
    setting = {"key": "SupportedFileTransferProtocols", "readonly": True, "value": spoken}
    peer.answers("GetConfiguration", {"configurationKey": [setting]})
    errand = site.system.rest.operate(peer.identity, "GetConfiguration", {"key": ["SupportedFileTransferProtocols"]})
    assert errand["state"] == "answered"


def assert_shown_nowhere(site: Site, peer: Peer, location: str) -> None:
    [token] = TOKEN.findall(location)
    rest = site.system.rest
    paths = ("/data-transfer/messages", "/security-events", f"/stations/{peer.identity}")
    repeated = [rest.raw("GET", path).text for path in paths]
    assert "***" in repeated[1], "the station repeats it there"
    shown: list[Json] = [
        *repeated,
        rest.jobs(stationId=peer.identity),
        rest.errands(stationId=peer.identity),
        rest.items("/files", {}),
        rest.security_log(),
        site.system.log_text(),
    ]
    assert token not in str(shown)
    assert "***" in rest.jobs(stationId=peer.identity)[0]["location"]


@case("079")
def test_tc_079_csms_a_location_is_good_until_the_job_ends_and_all_that_comes_is_kept(site: Site) -> None:
    rest = site.system.rest
    with a_link(site.system) as peer, _http(site) as client:
        boot(peer)
        peer.answers("GetLog", {"status": "Accepted", "filename": NAME})
        rest.operate(peer.identity, "CollectLog", {"log": "Security"})
        words = peer.calls[-1][1]
        location = words["log"]["remoteLocation"]
        assert client.put(location, content=LOG).status_code == 201
        assert client.put(location, content=LOG).status_code == 200
        assert client.put(location, content=LOG + b"more").status_code == 201
        assert peer.log_status("Uploading", words["requestId"]) == {}
        assert peer.log_status("Uploaded", words["requestId"]) == {}
        assert client.put(location, content=LOG).status_code == 410
    sizes = [file["size"] for file in rest.items("/files", {"stationId": peer.identity})]
    assert sizes == [len(LOG + b"more"), len(LOG)], "the newest first"
    eventually(
        lambda: len(rest.security_log(stationId=peer.identity, kind="fileRefused")) == 1,
        "a note of the refusal",
    )


def test_a_received_file_is_removed_with_its_content(site: Site) -> None:
    rest = site.system.rest
    with a_link(site.system) as peer, _http(site) as client:
        boot(peer)
        peer.answers("GetLog", {"status": "Accepted", "filename": NAME})
        rest.operate(peer.identity, "CollectLog", {"log": "Security"})
        assert client.put(peer.calls[-1][1]["log"]["remoteLocation"], content=LOG).status_code == 201
    [file] = rest.items("/files", {"stationId": peer.identity})
    before = files_in(site.system.data)
    rest.delete(f"/files/{file['file']}")
    assert len(files_in(site.system.data)) == len(before) - 1
    assert rest.raw("GET", f"/files/{file['file']}/content").status_code == 404


def files_in(data: Path) -> list[Path]:
    return [one for one in (data / "files" / "received").rglob("*") if one.is_file()]
