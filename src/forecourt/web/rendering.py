"""Turns templates into pages. Everything that a template shows is escaped unless it is HTML of our own."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from forecourt.asgi.paths import connector_id, to_path
from forecourt.domain.access.permissions import Permission
from forecourt.web import language
from forecourt.web.menu import MENU
from forecourt.web.wording import FILTERS

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"


class Renderer:
    """The templates of all pages, compiled once."""

    def __init__(self) -> None:
        self.environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        )
        install = getattr(self.environment, "install_gettext_callables")  # noqa: B009  # the extension puts it there
        install(language.gettext, language.ngettext, newstyle=True)
        self.environment.filters |= FILTERS
        self.environment.filters |= {"path": to_path, "translated": language.translated}
        self.environment.globals |= {
            "static": static,
            "MENU": MENU,
            "Permission": Permission,
            "connector_id": connector_id,
        }

    def render(self, template: str, **context: object) -> str:
        return self.environment.get_template(template).render(context)


@functools.cache
def static(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{digest}/{name}"
