"""The description of the interface: for programs, and for people."""

from __future__ import annotations

import base64
import hashlib
import re

import jsonschema
import pytest

from tests.api.door import Door
from tests.api.test_all_resources import ROUTES

PLACES = {"CP1": "{stationId}", "TAG": "{idTag}", "1": "{transactionId}", "acme": "{vendorId}", "tests": "{name}"}


def template(path: str) -> str:
    return "/api/v1" + "/".join(PLACES.get(part, part) for part in path.split("/"))


def test_the_document_needs_no_token_and_describes_every_route(door: Door) -> None:
    response = door.ask("GET", "/openapi.json", headers={})
    assert response.headers["content-type"] == "application/json"
    document = response.json()
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == "1.2.3"
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    asked = {(method, template(path)) for method, path, _ in ROUTES}
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
