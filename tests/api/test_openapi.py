"""The description of the interface: for programs, and for people."""

from __future__ import annotations

import base64
import hashlib
import re

import jsonschema
import msgspec
import pytest

from tests.api.door import CATALOGUE, Door
from tests.api.test_all_resources import ROUTES
from tests.support.carrying import Carrying

PLACES = {"CP1": "{stationId}", "KEY": "{key}", "TAG": "{idTag}", "acme": "{vendorId}", "tests": "{name}"}
PLACES |= {"rsa": "{family}", "issuing": "{rank}", "abcd": "{fingerprint}"}
PLACES |= {"FINGERPRINT": "{fingerprint}", "ISSUER": "{issuerHash}", "SERIAL": "{serial}", "SERVER": "{name}"}
PLACES |= {"ann": "{name}"}
NUMBERS = {
    "errands": "{errand}",
    "drivers": "{number}",
    "batches": "{batch}",
    "transactions": "{transactionId}",
    "charging-profiles": "{profileId}",
    "schedules": "{connectorId}",
    "jobs": "{job}",
    "files": "{file}",
    "remote-requests": "{errand}",
    "reservations": "{reservationId}",
    "images": "{image}",
    "passwords": "{number}",
    "alarms": "{alarm}",
    "certificate-orders": "{number}",
    "root-rollovers": "{number}",
    "signings": "{signing}",
    "events": "{event}",
    "notifications": "{subscription}",
    "deliveries": "{event}",
}
"""What a number is called, by what stands before it."""


def template(path: str) -> str:
    parts = path.split("/")
    named = (
        NUMBERS[before] if part == "1" else PLACES.get(part, part)
        for before, part in zip(["", *parts], parts, strict=False)
    )
    return "/api/v1" + "/".join(named)


def test_the_document_needs_no_token_and_describes_every_route(door: Door) -> None:
    response = door.ask("GET", "/openapi.json", headers={})
    assert response.headers["content-type"] == "application/json"
    document = response.json()
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == "1.2.3"
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    asked = {(method, template(path)) for method, path, _ in ROUTES}
    for name in CATALOGUE:
        asked |= {(method, path.replace("/Reset", f"/{name}")) for method, path in asked if method == "POST"}
    asked = asked - {("GET", "/api/v1/operations/Reset")} | {("GET", "/api/v1/operations/{name}")}
    asked |= {("PUT", "/api/v1/firmware/images"), ("POST", "/api/v1/id-tags/import")}  # whose bodies are no JSON
    assert described == asked | {("GET", "/health/live"), ("GET", "/health/ready")}


def test_every_operation_has_a_summary_a_tag_errors_and_security(door: Door) -> None:
    document = door.get("/openapi.json")
    tags = {tag["name"] for tag in document["tags"]}
    ids = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            ids.append(operation["operationId"])
            assert operation["summary"]
            assert set(operation["tags"]) <= tags
            if path.startswith("/api/"):
                assert {"token": []} in operation["security"]
                assert {"401", "500", "503"} <= set(operation["responses"])
                for status, response in operation["responses"].items():
                    if int(status) >= 400:
                        assert set(response["content"]) == {"application/problem+json"}, (method, path, status)
            for parameter in operation.get("parameters", ()):
                assert parameter["description"], (path, parameter["name"])
    assert len(ids) == len(set(ids))
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_every_reference_leads_somewhere(door: Door) -> None:
    document = door.get("/openapi.json")
    text = door.ask("GET", "/openapi.json").text
    references = set(re.findall(r'"\$ref":"#/components/schemas/([^"]+)"', text))
    assert references
    assert references <= set(document["components"]["schemas"])
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("path", "schema"), [("/stations", "StationPage"), ("/transactions", "TransactionPage"), ("/tokens", "TokenPage")]
)
def test_answers_are_what_the_document_says(door: Door, path: str, schema: str) -> None:
    station = door.a_station()
    door.a_stop(station, door.a_transaction(station))
    document = door.get("/openapi.json")
    validator = jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    )
    body = door.get(path)
    assert body["items"]
    assert list(validator.iter_errors(body)) == []


def test_every_operation_is_described_with_its_own_words(door: Door) -> None:
    document = door.get("/openapi.json")
    schemas = document["components"]["schemas"]
    for name, operation in CATALOGUE.items():
        one = document["paths"][f"/api/v1/stations/{{stationId}}/operations/{name}"]["post"]
        many = document["paths"][f"/api/v1/operations/{name}"]["post"]
        for asked in (one, many):
            assert asked["tags"] == [f"Operations: {operation.group}"]
            assert asked["x-dangerous"] is operation.is_dangerous
            assert {"200", "202", "400", "422"} <= set(asked["responses"])
            assert "name" not in {parameter["name"] for parameter in asked["parameters"]}
        assert operation.summary in one["summary"]
        body = one["requestBody"]["content"]["application/json"]["schema"]
        parameters = schemas[body["$ref"].rpartition("/")[2]]
        assert set(parameters["properties"]) == {
            field.encode_name for field in msgspec.structs.fields(operation.params)
        }
        for field, schema in parameters["properties"].items():
            assert schema["description"], (name, field)
        selected = many["requestBody"]["content"]["application/json"]["schema"]["properties"]
        assert selected == {"selection": {"$ref": "#/components/schemas/Selection"}, "parameters": body}


def test_the_answer_of_an_operation_is_an_errand_with_the_answer_of_the_station(door: Door) -> None:
    document = door.get("/openapi.json")
    one = document["paths"]["/api/v1/stations/{stationId}/operations/Reset"]["post"]
    schema = one["responses"]["200"]["content"]["application/json"]["schema"]
    assert "ResetResponse" in str(schema)
    validator = jsonschema.Draft202012Validator(schema | {"components": document["components"]})
    carrying = Carrying(door.services, door.a_station())
    shown = door.ask("POST", "/stations/CP1/operations/Reset", {"type": "Soft"}).json()
    assert list(validator.iter_errors(shown)) == []
    carrying.does(status="Accepted")
    assert list(validator.iter_errors(door.get("/errands/1"))) == []
    assert list(validator.iter_errors(shown | {"response": 5}))
    assert list(validator.iter_errors(shown | {"state": "done"}))


def test_bodies_that_the_document_allows_are_taken_and_others_are_not(door: Door) -> None:
    Carrying(door.services, door.a_station())
    document = door.get("/openapi.json")
    many = document["paths"]["/api/v1/operations/Reset"]["post"]
    schema = many["requestBody"]["content"]["application/json"]["schema"]
    validator = jsonschema.Draft202012Validator(schema | {"components": document["components"]})
    for body, is_good in (
        ({"selection": {"all": True}, "parameters": {"type": "Soft"}}, True),
        ({"selection": {"filter": {"online": True}}, "parameters": {"type": "Hard"}}, True),
        ({"selection": {"every": True}, "parameters": {"type": "Soft"}}, False),
        ({"selection": {"all": True}}, False),
        ({"selection": {"all": True}, "parameters": {"type": "Firm"}}, False),
        ({"selection": {"stations": [5]}, "parameters": {"type": "Soft"}}, False),
    ):
        assert validator.is_valid(body) is is_good, body
        assert (door.ask("POST", "/operations/Reset", body).status_code == 202) is is_good, body


def test_errands_batches_and_jobs_are_described_field_by_field(door: Door) -> None:
    schemas = door.get("/openapi.json")["components"]["schemas"]
    for name in ("Errand", "ErrandBatch", "RefusedStation", "Job", "JobSheet", "JobReport", "StrayReport"):
        assert schemas[name]["properties"]
        for field, schema in schemas[name]["properties"].items():
            assert schema.get("description"), (name, field)


def test_the_document_is_written_for_its_readers(door: Door) -> None:
    """No names of modules, no drawings, no layout of the code, no phrases of the framework."""
    document = door.get("/openapi.json")
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if "_" in name] == []
    assert {"Doubt", "JobDoubt"} <= set(schemas)
    for name, schema in schemas.items():
        assert not re.search(r"\n|``|─|::", schema.get("description", "")), name
    assert schemas["ErrandState"]["description"] == "The life of an errand."
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert "\n" not in operation["description"], (method, path)
            for response in operation["responses"].values():
                assert not re.search("fulfilled|follows|Stream Response", response["description"]), (method, path)
    [limit] = [one for one in document["paths"]["/api/v1/errands"]["get"]["parameters"] if one["name"] == "limit"]
    assert {"100", "1000"} <= set(re.findall(r"\d+", limit["description"]))


def test_the_document_says_which_bodies_may_be_left_out(door: Door) -> None:
    paths = door.get("/openapi.json")["paths"]
    assert paths["/api/v1/transactions/{transactionId}/stop"]["post"]["requestBody"]["required"] is False
    assert paths["/api/v1/stations"]["post"]["requestBody"]["required"] is True


def test_streams_and_files_say_what_they_are(door: Door) -> None:
    paths = door.get("/openapi.json")["paths"]
    for path, media_type in {
        "/api/v1/errands/events": "text/event-stream",
        "/api/v1/batches/{batch}/events": "text/event-stream",
        "/api/v1/errands.csv": "text/csv",
    }.items():
        assert set(paths[path]["get"]["responses"]["200"]["content"]) == {media_type}


def test_the_page_needs_no_token_and_loads_nothing(door: Door) -> None:
    response = door.ask("GET", "/docs", headers={})
    assert response.headers["content-type"].startswith("text/html")
    assert not re.search(r"<(script|link|img|iframe|object)\b|https?://|@import|url\(", response.text)
    style = response.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{digest}'" in policy


def test_the_page_shows_every_operation(door: Door) -> None:
    page = door.ask("GET", "/docs", headers={}).text
    for item in door.get("/openapi.json")["paths"].values():
        for operation in item.values():
            assert f'id="{operation["operationId"]}"' in page
