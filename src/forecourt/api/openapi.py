"""The description of the REST interface (OpenAPI 3.1), for programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Tag
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler, Dependencies

from forecourt.api.access import needed_for
from forecourt.api.batch import MAX_ITEMS
from forecourt.api.bodies import JsonBody
from forecourt.api.operation_paths import Document, describe_operations
from forecourt.api.problems import PROBLEM_JSON
from forecourt.api.wording import complete_schemas, put_plainly, with_plain_names
from forecourt.domain.access.permissions import Permission
from forecourt.operations.catalogue import Catalogue

_DESCRIPTION: Final = """\
Everything an operator can do with stations, id tags and transactions.

What is wanted of a station is written down as an errand, at one address for each operation, and carried to the station
as soon as it is its turn. With `wait` the answer comes when the errand has ended, or after so many seconds.

Names are those of OCPP 1.6 in camelCase. Times are RFC 3339 in UTC; energy is in Wh. A list answers a page of
`items` and in `next` the `cursor` of the page that follows, or null at the end. Bodies may hold no fields but those
listed here. Whatever goes wrong is answered as a problem document (RFC 9457). In addresses, ids are percent-encoded.
"""

_TAGS: Final = {
    "Stations": "The register of stations, and the state of their connectors.",
    "Configuration": "What stations are set to, and what they should be set to.",
    "Local lists": "Id tags that stations admit by themselves.",
    "Id tags": "Who may charge.",
    "Drivers": "The people that id tags belong to.",
    "Transactions": "What was charged, and what is doubtful about it.",
    "Remote requests": "Starts and stops that were asked for from here, and what became of them.",
    "Reservations": "Connectors that are kept for an id tag.",
    "Smart charging": "Charging profiles, which stations have them, and what stations make of them.",
    "Jobs": "Uploads of logs and installations of firmware, and how they go.",
    "Files": "What stations uploaded.",
    "Firmware": "Firmware that is kept here for stations, its signatures, and the keys that make them.",
    "Security events": "What stations report that matters for security.",
    "Station security": "What decides whether a station may connect: its profile, its passwords, what is excused.",
    "Security log": "What Forecourt itself refused, what was changed that matters for security, and by whom.",
    "Alarms": "What needs a person, until it is over.",
    "Events": "What happened, as the outside is told of it.",
    "Notifications": "Who is told of which events, by mail or by webhooks, and how that goes.",
    "Certificates of stations": "How stations get their certificates and keep them, and what ends when.",
    "Trust": "Which certificates are trusted for what, which are revoked, and the policy.",
    "Server certificates": "What listeners present to stations.",
    "Roots": "Which root certificates are at which stations, and their replacement.",
    "Authorities": "Certificate authorities that may be asked to sign, and which one signs for whom.",
    "Signing": "Requests to certificate authorities, and what they have issued.",
    "Own authority": "The system's own certificate authority: roots, issuing CAs, and what it has revoked.",
    "Unknown": "Stations and id tags that came and are not registered.",
    "Connections": "Which stations are connected.",
    "Messages": "What stations and the system said to one another.",
    "Data transfer": "Vendor messages of stations.",
    "Operations": "What can be asked of stations. Whatever is asked becomes an errand, which tells what became of it.",
    "Errands": "What was asked of stations, and what became of it.",
    "Batches": "Requests to many stations at once.",
    "Tokens": "Tokens for programs that use this interface.",
    "People": "Who may sign in, and what they may do.",
    "Audit": "Who did what here, and when.",
    "Health": "For supervisors and load balancers; no token is needed.",
}

_TOKEN: Final = "token"
_PASSWORD: Final = "password"

_SECURITY_SCHEMES: Final = {
    _TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "description": "A token made with `forecourt token create NAME` or at /api/v1/tokens.",
    },
    _PASSWORD: {
        "type": "http",
        "scheme": "basic",
        "description": "The name and password of an administrator without a second factor; for tokens only.",
    },
}

_PROBLEM_SCHEMA: Final = {
    "type": "object",
    "description": "What was refused, why, and what to do (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "The inputs at fault.",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}

_ERRORS: Final = {
    "400": "The request cannot be understood; `errors` says which inputs are at fault.",
    "401": "No token, or one that is not known.",
    "403": "Whoever asks may not do this: the token lacks the scope that `detail` names.",
    "404": "There is no such thing.",
    "409": "It exists already, or what was done meanwhile forbids it.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The request is understood and one of its values cannot be; `errors` says which.",
    "429": "Too many wrong passwords; `Retry-After` says how long to wait.",
    "500": "A fault of the system; its log says more.",
    "503": "The database or a part of the system is not ready; try again after `Retry-After`.",
}


def describe(
    route_handlers: Sequence[ControllerRouterHandler], dependencies: Dependencies, catalogue: Catalogue, version: str
) -> Document:
    """The document for these routes and operations. The framework derives the routes from their handlers; what all
    have in common, such as errors and the ways to sign in, is added here once."""
    config = OpenAPIConfig(
        title="Forecourt",
        version=version,
        description=_DESCRIPTION,
        tags=[Tag(name=name, description=description) for name, description in _TAGS.items()],
        use_handler_docstrings=True,
    )
    app = Litestar(
        route_handlers,
        dependencies=dependencies,
        openapi_config=config,
        logging_config=None,
        dto=JsonBody,
        return_dto=None,
    )
    document = _with_plain_names(app.openapi_schema.to_schema())
    components = document["components"]
    components["securitySchemes"] = _SECURITY_SCHEMES
    complete_schemas(components["schemas"])
    _complete_errand(components["schemas"]["Errand"])
    _tell_permissions(document, app)
    describe_operations(document, catalogue)
    components["schemas"]["Problem"] = _PROBLEM_SCHEMA
    components["schemas"]["Batch"] = _batch_schema(components["schemas"])
    put_plainly(document)
    for path, method, operation in operations(document):
        _complete_body(operation, components["schemas"])
        has_door = path.startswith("/api/")
        takes_password = path.startswith("/api/v1/tokens")
        operation["security"] = (
            [{_TOKEN: []}, {_PASSWORD: []}] if takes_password else [{_TOKEN: []}] if has_door else []
        )
        for status in sorted(_statuses(path, method, operation)):
            operation["responses"][status] = {
                "description": _ERRORS[status],
                "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
    return document


def _tell_permissions(document: Document, app: Litestar) -> None:
    """Which scope each operation needs; those that are asked of stations say it themselves."""
    handlers = [handler for route in app.routes if isinstance(route, HTTPRoute) for handler in route.route_handlers]
    needed = {
        handler.operation_id: needed_for(handler, method) for handler in handlers for method in handler.http_methods
    }
    for _path, _method, operation in operations(document):
        permission = needed.get(operation["operationId"])
        if isinstance(permission, Permission):
            operation["x-scope"] = permission.value


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Every operation with its path and method."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _with_plain_names(document: Document) -> Document:
    """Schemas without the names of modules, and parameters in camelCase like everything else."""
    text = msgspec.json.encode(document).decode()
    text = re.sub(r"Listing_[\w.]+\.(\w+)View_", r"\1Page", text)
    text = re.sub(r"Listing\[(\w+)View\]", r"\1Page", text)
    text = re.sub(r"(?<=[\"/])([A-Z]\w+)View(?=\")", r"\1", text)
    text = re.sub(r"(?<=[\"{])[a-z]+(?:_[a-z]+)+(?=[\"}])", lambda found: _in_camel_case(found[0]), text)
    plain: Document = msgspec.json.decode(with_plain_names(text))
    return plain


def _in_camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def _complete_errand(schema: Document) -> None:
    """What has any shape to the framework, because it is passed on as it is stored."""
    fields = schema["properties"]
    for name, types in {"request": ["object", "null"], "response": ["object", "string", "null"]}.items():
        fields[name] = {"type": types, "description": fields[name]["description"]}


def _complete_body(operation: Document, schemas: Document) -> None:
    """What the framework does not say: a body of which no field is required may be left out."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        if name in schemas and not schemas[name].get("required"):
            operation["requestBody"]["required"] = False


def _statuses(path: str, method: str, operation: Document) -> set[str]:
    operation["responses"].pop("400", None)
    if path == "/health/live":
        return set()
    if path == "/health/ready":
        return {"503"}
    statuses = {"400", "401", "403", "500", "503"}
    if path.startswith("/api/v1/people/") and method != "get":
        statuses |= {"404", "409"}
    if path.startswith("/api/v1/tokens"):
        statuses |= {"429"}
    if "requestBody" in operation:
        statuses |= {"413", "415", "422"}
    if "{" in path and (method != "put" or "/stations/{" in path):
        statuses |= {"404"}
    if method == "post" or (method == "delete" and path.startswith(("/api/v1/errands/", "/api/v1/jobs/"))):
        statuses |= {"409"}
    if method in ("put", "patch") and path.endswith(("/password", "/security")):
        statuses |= {"409"}
    if path.startswith("/api/v1/firmware/") and method in ("put", "patch", "delete"):
        statuses |= {"404", "409"} if "{" in path else {"409"}
    return statuses - ({"409", "422"} if path.endswith("/batch") else set())


def _batch_schema(schemas: Document) -> Document:
    one_of = [{"$ref": f"#/components/schemas/{name}"} for name in ("NewStation", "NewIdTag") if name in schemas]
    return {
        "type": "object",
        "description": "Items as the address for a single one takes them.",
        "required": ["items"],
        "additionalProperties": False,
        "properties": {"items": {"type": "array", "maxItems": MAX_ITEMS, "items": {"anyOf": one_of}}},
    }
