"""The description of the REST interface as a page for people, which loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from typing import Final

from forecourt.api.openapi import operations
from forecourt.api.operation_paths import Document

_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
nav ul { columns: 16rem; padding-left: 1.2rem; }
section { border-top: 1px solid #8886; margin-top: 2rem; }
article { margin: 1.5rem 0; }
h3 { font-size: 1rem; margin-bottom: .25rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid #8883; }
.method { text-transform: uppercase; font-weight: bold; }
"""

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


_DANGEROUS: Final = "x-dangerous"
"""What is asked of stations says whether it is."""

_LIMITS: Final = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "multipleOf": "in steps of {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
}

_HUGE: Final = 2**53
"""Limits from here on are those of a database column and tell nothing."""

_COMBINATIONS: Final = {"oneOf": " or ", "anyOf": " or ", "allOf": " "}


def page(document: Document) -> str:
    """The whole page as HTML."""
    info = document["info"]
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(info['title'])} REST interface</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(info['title'])} REST interface</h1><p>Version {escape(info['version'])}. ",
            'For programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>',
            *(f"<p>{_prose(paragraph)}</p>" for paragraph in info["description"].split("\n\n")),
            *_contents(document),
            *(part for tag in document["tags"] for part in _section(document, tag["name"], tag["description"])),
            *_schemas(document),
            "</body></html>",
        ]
    )


def _contents(document: Document) -> Iterator[str]:
    yield '<nav aria-label="Contents"><ul>'
    for tag in document["tags"]:
        yield f'<li><a href="#{_anchor(tag["name"])}">{escape(tag["name"])}</a></li>'
    yield '<li><a href="#schemas">Schemas</a></li></ul></nav>'


def _section(document: Document, tag: str, description: str) -> Iterator[str]:
    yield f'<section id="{_anchor(tag)}"><h2>{escape(tag)}</h2><p>{escape(description)}</p>'
    for path, method, operation in operations(document):
        if tag in operation["tags"]:
            show = _asked if _DANGEROUS in operation else _operation
            yield from show(path, method, operation, document["components"]["schemas"])
    yield "</section>"


def _asked(path: str, method: str, operation: Document, schemas: Document) -> Iterator[str]:
    """Something that is asked of stations, without what all of these have in common."""
    yield f'<article id="{escape(operation["operationId"])}"><h3>{escape(operation["summary"])}</h3>'
    yield f'<p><code><span class="method">{escape(method)}</span> {escape(path)}</code></p>'
    if path.startswith("/api/v1/operations/"):
        yield "<p>Body: <code>parameters</code> as for one station, and <code>selection</code>, "
        yield '<a href="#schema-Selection">which stations</a>. Answer: '
        yield '<a href="#schema-ErrandBatch">ErrandBatch</a>.</p></article>'
        return
    if operation["description"]:
        yield f"<p>{_prose(operation['description'])}</p>"
    for content in operation["requestBody"]["content"].values():
        yield from _fields(_resolved(content["schema"], schemas))
    for content in operation["responses"]["200"]["content"].values():
        yield f"<p>Answer: {_type(content['schema'])}</p>"
    yield "</article>"


def _resolved(schema: Document, schemas: Document) -> Document:
    found: Document = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def _operation(path: str, method: str, operation: Document, _: Document) -> Iterator[str]:
    yield f'<article id="{escape(operation["operationId"])}"><h3>{escape(operation["summary"])}</h3>'
    yield f'<p><code><span class="method">{escape(method)}</span> {escape(path)}</code></p>'
    if operation.get("description"):
        yield f"<p>{_prose(operation['description'])}</p>"
    if operation.get("x-scope"):
        yield f"<p>Needs the scope <code>{escape(operation['x-scope'])}</code>.</p>"
    if operation.get("parameters"):
        yield "<table><thead><tr><th>Parameter</th><th>In</th><th>Type</th><th>Meaning</th></tr></thead><tbody>"
        for parameter in operation["parameters"]:
            yield f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{escape(parameter['in'])}</td>"
            yield f"<td>{_type(parameter['schema'])}{_limits(parameter['schema'])}</td>"
            yield f"<td>{_prose(parameter.get('description', ''))}</td></tr>"
        yield "</tbody></table>"
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body: <code>{escape(media_type)}</code>, {_type(content['schema'])}</p>"
    yield "<table><thead><tr><th>Answer</th><th>Content</th><th>Meaning</th></tr></thead><tbody>"
    for status, response in sorted(operation["responses"].items()):
        contents = ", ".join(_type(content["schema"]) for content in response.get("content", {}).values())
        meaning = _prose(response["description"])
        yield f"<tr><td>{escape(status)}</td><td>{contents}</td><td>{meaning}</td></tr>"
    yield "</tbody></table></article>"


def _schemas(document: Document) -> Iterator[str]:
    yield '<section id="schemas"><h2>Schemas</h2>'
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f'<article id="schema-{escape(name)}"><h3>{escape(name)}</h3>'
        if schema.get("description"):
            yield f"<p>{_prose(schema['description'])}</p>"
        if schema.get("enum"):
            yield f"<p>{_type(schema)}</p>"
        yield from _fields(schema)
        yield "</article>"
    yield "</section>"


def _fields(schema: Document) -> Iterator[str]:
    if not schema.get("properties"):
        return
    required = schema.get("required", ())
    yield "<table><thead><tr><th>Field</th><th>Type</th><th>Required</th><th>Meaning</th></tr></thead><tbody>"
    for field, type_ in schema["properties"].items():
        meaning = _prose(type_.get("description", ""))
        yield f"<tr><td><code>{escape(field)}</code></td><td>{_type(type_)}{_limits(type_)}</td>"
        yield f"<td>{'yes' if field in required else 'no'}</td><td>{meaning}</td></tr>"
    yield "</tbody></table>"


def _limits(schema: Document) -> str:
    said = [
        words.format(schema[keyword]) for keyword, words in _LIMITS.items() if abs(schema.get(keyword, _HUGE)) < _HUGE
    ]
    return f", {', '.join(said)}" if said else ""


def _type(schema: Document) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#schema-{escape(name)}">{escape(name)}</a>'
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    for key, word in _COMBINATIONS.items():
        if key in schema:
            return word.join(_type(choice) for choice in schema[key])
    if "properties" in schema:
        return "with " + ", ".join(
            f"<code>{escape(name)}</code>: {_type(of)}" for name, of in schema["properties"].items()
        )
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = schema.get("type", "anything")
    names = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return escape(f"{names} ({schema['format']})" if "format" in schema else names)


def _prose(text: str) -> str:
    """Text with `code` in backticks, single or double."""
    parts = escape(text).replace("``", "`").split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))


def _anchor(tag: str) -> str:
    return escape(tag.lower().replace(" ", "-"))
