"""Firmware over REST: uploaded as a stream, signed, checked, downloaded, installed."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest

from forecourt.api.firmware_keys import NewFirmwareKey
from forecourt.domain.files.shelf import Area
from tests.api.door import MAX_FIRMWARE, Door, House, faults, problem
from tests.api.firmware_bodies import MAKER, NEW_KEY, OWN_KEY, SIGNATURE
from tests.domain.firmware.making import CONTENT, Maker

PATH = "/firmware/images"


def upload(door: Door, content: bytes = CONTENT, query: str = "name=fw.bin", **headers: str) -> httpx.Response:
    own = {"Authorization": f"Bearer {door.token}", "Content-Type": "application/octet-stream"}
    return door.ask("PUT", f"{PATH}?{query}", content=content, headers=own | headers)


def uploaded(door: Door, **query: str) -> Any:  # JSON has no narrower type
    words = "&".join(f"{name}={value}" for name, value in {"name": "fw.bin", **query}.items())
    response = upload(door, query=words)
    assert response.status_code == 200, response.text
    return response.json()["image"]


def files_of(house: House) -> list[str]:
    return [one.name for one in house.runner.run(_names(house))]


async def _names(house: House) -> Any:  # a sequence of Lying
    return await house.shelf.names(Area.FIRMWARE)


def test_an_image_is_uploaded_shown_downloaded_and_removed(door: Door, house: House) -> None:
    before = files_of(house)
    image = uploaded(door, version="2.0", vendor="Maker")
    assert (image["name"], image["version"], image["size"]) == ("fw.bin", "2.0", len(CONTENT))
    assert (image["signed"], image["addedBy"]) == (None, "token tests")
    number = image["image"]
    assert door.get(f"{PATH}/{number}") == image
    assert door.get(PATH) == {"items": [image], "next": None}
    content = door.ask("GET", f"{PATH}/{number}/content")
    assert content.content == CONTENT
    assert content.headers["content-length"] == str(len(CONTENT))
    assert content.headers["content-disposition"] == f'attachment; filename="firmware-{number}.bin"'
    assert len(files_of(house)) == len(before) + 1
    assert door.ask("DELETE", f"{PATH}/{number}").status_code == 204
    problem(door.ask("GET", f"{PATH}/{number}"), 404)
    assert files_of(house) == before


def test_the_same_upload_twice_is_one_image_with_one_file(door: Door, house: House) -> None:
    before = len(files_of(house))
    first = uploaded(door)
    assert uploaded(door, note="again") == first | {"note": "again"}
    assert len(files_of(house)) == before + 1
    assert "fw.bin" in faults(upload(door, b"another"), 409)["name"]
    assert len(files_of(house)) == before + 1


@pytest.mark.parametrize(
    ("content", "query", "headers", "status"),
    [
        (b"", "name=fw", {}, 422),
        (CONTENT, "name=%20fw", {}, 422),
        (CONTENT, "", {}, 400),
        (CONTENT, "name=a&version=" + "x" * 51, {}, 400),
        (CONTENT, "name=a&surprise=1", {}, 400),
        (CONTENT, "name=fw", {"Content-Type": "application/json"}, 415),
        (CONTENT, "name=fw", {"Content-Type": "multipart/form-data"}, 415),
        (CONTENT, "name=fw", {"Authorization": ""}, 401),
        (b"x" * (MAX_FIRMWARE + 1), "name=fw", {}, 413),
    ],
    ids=["empty", "name", "no name", "version", "surprise", "json", "form", "nobody", "large"],
)
def test_what_cannot_be_kept_is_refused_and_leaves_nothing(
    door: Door, house: House, content: bytes, query: str, headers: dict[str, str], status: int
) -> None:
    before = files_of(house)
    problem(upload(door, content, query, **headers), status)
    assert files_of(house) == before
    assert door.get(PATH)["items"] == []


def test_an_upload_that_grows_too_large_leaves_nothing(door: Door, house: House) -> None:
    """Without a length that says so beforehand."""
    before = files_of(house)
    answer = door.run(sent(door, [b"x" * 65_536] * (MAX_FIRMWARE // 65_536 + 2)))
    assert answer == 413
    assert files_of(house) == before


def test_an_upload_that_breaks_off_leaves_nothing(door: Door, house: House) -> None:
    before = files_of(house)
    assert door.run(sent(door, [b"x" * 300_000], is_whole=False)) == 400
    assert files_of(house) == before
    assert door.get(PATH)["items"] == []


async def sent(door: Door, chunks: list[bytes], *, is_whole: bool = True) -> int:
    """The status of an upload that comes chunk by chunk, and may end with the connection."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append(
        {"type": "http.request", "body": b"", "more_body": False} if is_whole else {"type": "http.disconnect"}
    )
    statuses: list[int] = []

    async def receive() -> Any:  # a message of ASGI
        return messages.pop(0)

    async def send(message: Any) -> None:  # the same
        statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

    path = f"/api/v1{PATH}"
    scope: Any = {  # the same
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "PUT",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"name=fw",
        "headers": [
            (b"authorization", f"Bearer {door.token}".encode()),
            (b"content-type", b"application/octet-stream"),
        ],
        "client": (door.addresses[0], 50000),
        "server": ("forecourt", 80),
        "state": {},
    }
    await door.app(scope, receive, send)
    [status] = statuses
    return status


def test_a_database_that_takes_nothing_is_a_503(door: Door) -> None:
    door.get("/stations")  # so that the token is remembered
    door.workspace.is_available = False
    problem(upload(door), 503)


def test_a_good_signature_is_shown_with_its_scheme_and_a_wrong_one_with_the_reason(door: Door) -> None:
    MAKER.is_trusted(door.services)
    number = uploaded(door)["image"]
    answer = door.ask("PUT", f"{PATH}/{number}/signature", SIGNATURE).json()
    signed = answer["image"]["signed"]
    assert answer["warnings"] == []
    assert (signed["good"], signed["scheme"], signed["fault"]) == (True, "ECDSA with SHA256", None)
    assert signed["certificate"]["fingerprint"] == MAKER.signer.certificate.fingerprint
    assert signed["signature"] == SIGNATURE["signature"]
    wrong = SIGNATURE | {"signature": MAKER.signs(b"another").signature}
    answer = door.ask("PUT", f"{PATH}/{number}/signature", wrong).json()
    assert "A00.FR.706" in answer["warnings"][0]
    assert (answer["image"]["signed"]["good"], answer["image"]["signed"]["scheme"]) == (False, None)
    assert door.ask("DELETE", f"{PATH}/{number}/signature").json()["image"]["signed"] is None


def test_an_image_is_signed_with_a_key_that_was_made_here(door: Door) -> None:
    number = uploaded(door)["image"]
    key = door.ask("POST", "/firmware/keys", NEW_KEY)
    assert key.status_code == 201, key.text
    answer = door.ask("POST", f"{PATH}/{number}/sign", {"key": "new"}).json()
    assert answer["warnings"] == []
    signed = answer["image"]["signed"]
    assert (signed["good"], signed["signedBy"]) == (True, "new")
    root = door.ask("GET", "/firmware/keys/new/root.pem")
    assert root.headers["content-type"].startswith("application/x-pem-file")
    assert root.text.startswith("-----BEGIN CERTIFICATE-----")
    assert door.ask("GET", "/firmware/keys/new/certificate.pem").text == signed["signingCertificate"]
    assert door.ask("POST", f"{PATH}/{number}/check").json() == answer
    problem(door.ask("POST", f"{PATH}/{number}/sign", {"key": "other"}), 404)
    assert "scheme" in faults(
        door.ask("POST", f"{PATH}/{number}/sign", {"key": "new", "scheme": "RSASSA-PSS with SHA256"}), 422
    )


def test_a_makers_key_is_kept_and_never_shown(door: Door) -> None:
    shown = door.ask("POST", "/firmware/keys", OWN_KEY)
    assert shown.status_code == 201, shown.text
    assert shown.json()["madeHere"] is False
    assert shown.json()["root"]["fingerprint"] == MAKER.root.certificate.fingerprint
    assert door.get("/firmware/keys") == {"items": [shown.json()], "next": None}
    for path in ("/firmware/keys", "/firmware/keys/own"):
        assert "PRIVATE" not in door.ask("GET", path).text
    assert "PRIVATE" not in repr(NewFirmwareKey(name="own", private_key="PRIVATE"))
    assert door.ask("DELETE", "/firmware/keys/own").status_code == 204
    problem(door.ask("GET", "/firmware/keys/own"), 404)


SECRET = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"


@pytest.mark.parametrize(
    ("body", "field", "status"),
    [
        ({"name": "x"}, "certificate", 400),
        ({"name": "x", "certificate": MAKER.signer.pem}, "privateKey", 400),
        (OWN_KEY | {"privateKey": SECRET}, "privateKey", 422),
        (OWN_KEY | {"privateKey": Maker.new().signer.key_pem}, "privateKey", 422),
        (OWN_KEY | {"certificate": SECRET}, "certificate", 422),
        (NEW_KEY | {"password": SECRET}, "password", 400),
        (NEW_KEY | {"name": ""}, "name", 422),
        ({"name": "x", "make": {"commonName": "x", "root": "nobody"}}, None, 404),
        ({"name": "x", "make": {"commonName": ""}}, "make.commonName", 400),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_and_never_repeated(
    door: Door, body: object, field: str | None, status: int
) -> None:
    response = door.ask("POST", "/firmware/keys", body)
    if field is None:
        problem(response, status)
    else:
        assert field in faults(response, status)
    assert SECRET not in response.text


def test_an_image_is_described_and_listed_as_csv(door: Door) -> None:
    MAKER.is_trusted(door.services)
    number = uploaded(door, note="=1%2B1")["image"]
    door.ask("PUT", f"{PATH}/{number}/signature", SIGNATURE)
    changed = door.ask("PATCH", f"{PATH}/{number}", {"version": "3", "vendor": None}).json()["image"]
    assert (changed["name"], changed["version"], changed["vendor"], changed["note"]) == ("fw.bin", "3", None, "=1+1")
    [row] = csv.DictReader(io.StringIO(door.ask("GET", f"{PATH}.csv").text))
    assert (row["image"], row["name"], row["version"], row["note"]) == (str(number), "fw.bin", "3", "'=1+1")
    assert (row["signed"], row["good"], row["scheme"]) == ("true", "true", "ECDSA with SHA256")
    assert door.get(f"{PATH}?signed=false")["items"] == []
    assert len(door.get(f"{PATH}?version=3&search=FW")["items"]) == 1


def test_an_image_is_installed_and_stays_while_a_job_needs_it(door: Door) -> None:
    door.a_station()
    number = uploaded(door)["image"]
    path = "/stations/CP1/operations/InstallFirmware"
    errand = door.ask("POST", f"{path}?delivery=whenOnline", {"image": number})
    assert errand.status_code == 202, errand.text
    [job] = door.get("/jobs")["items"]
    assert job["location"].endswith("/***/fw.bin")
    assert (job["image"], job["imageName"]) == (number, "fw.bin")
    assert door.get(f"/jobs/{job['job']}")["job"] == job
    [row] = csv.DictReader(io.StringIO(door.ask("GET", f"/jobs.csv?image={number}").text))
    assert (row["image"], row["imageName"]) == (str(number), "fw.bin")
    assert door.get(f"/jobs?image={number + 1}")["items"] == []
    assert str(job["job"]) in problem(door.ask("DELETE", f"{PATH}/{number}"), 409)["detail"]
    door.ask("PUT", f"{PATH}/{number}/signature", SIGNATURE)
    assert "despiteFailedCheck" in faults(door.ask("POST", f"{path}?delivery=whenOnline", {"image": number}), 409)
    wanted = {"image": number, "despiteFailedCheck": True}
    assert door.ask("POST", f"{path}?delivery=whenOnline", wanted).status_code == 202


def test_the_document_describes_the_upload(door: Door) -> None:
    operation = door.get("/openapi.json")["paths"]["/api/v1/firmware/images"]["put"]
    assert set(operation["requestBody"]["content"]) == {"application/octet-stream"}
    assert {"409", "413", "415", "422"} <= set(operation["responses"])
    fields = door.get("/openapi.json")["components"]["schemas"]["NewFirmwareKey"]["properties"]
    assert (fields["privateKey"]["writeOnly"], fields["password"]["writeOnly"]) == (True, True)
