"""The settings of this process, as a page may show them."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forecourt.config import Config
from forecourt.redaction import without_credentials
from forecourt.settings import PREFIX, Secret
from forecourt.web.shown import ShownSection, ShownSetting


def shown_settings(config: Config, origins: Mapping[str, str]) -> Sequence[ShownSection]:
    """Every setting by section. Of secrets it is told only whether there is one."""
    top = [field for field in dataclasses.fields(config) if "about" in field.metadata]
    sections = [ShownSection("", "", [_shown(config, field, "", origins) for field in top])]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if "tables" in field.metadata:
            sections += _tables(field.name, value)
        elif not field.metadata:
            sections.append(ShownSection(field.name, _about(value), list(_settings(value, field.name, origins))))
    return sections


def _tables(name: str, tables: Sequence[Any]) -> Iterator[ShownSection]:  # Any: any dataclass of settings
    """What may be written down any number of times, in the file only."""
    for number, table in enumerate(tables, start=1):
        found = [_shown(table, field, f"{name}[{number}]", None) for field in dataclasses.fields(table)]
        yield ShownSection(f"{name}[{number}]", _about(table), found)


def _settings(section: Any, name: str, origins: Mapping[str, str]) -> Iterator[ShownSetting]:  # Any: as above
    for field in dataclasses.fields(section):
        yield _shown(section, field, name, origins)


def _shown(
    section: Any,  # any dataclass of settings
    field: dataclasses.Field[Any],
    name: str,
    origins: Mapping[str, str] | None,
) -> ShownSetting:
    """``origins`` is None for what can stand in the file only."""
    value = getattr(section, field.name)
    path = f"{name}.{field.name}" if name else field.name
    variable = "" if origins is None else PREFIX + path.replace(".", "_").upper()
    is_secret = isinstance(value, Secret) or "Secret" in str(field.type)
    return ShownSetting(
        name=field.name,
        variable=variable,
        value="yes" if is_secret and value is not None else "" if is_secret else _text(value),
        about=field.metadata["about"],
        origin=path if origins is None and value != field.default else (origins or {}).get(path, ""),
        is_secret=is_secret,
    )


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case enum.Enum():
            return str(value.value)
        case tuple():
            return ", ".join("=".join(map(_text, one)) if isinstance(one, tuple) else _text(one) for one in value)
        case str() if "://" in value:
            return without_credentials(value)
        case _:
            return str(value)


def _about(section: object) -> str:
    return (type(section).__doc__ or "").strip().partition("\n")[0]
