"""Pictures that stand in a page."""

from __future__ import annotations

from markupsafe import Markup

from forecourt.drawing.audience import Audience
from forecourt.web.language import gettext, manner


def in_page(svg: str) -> Markup:
    """An SVG text of `forecourt.drawing`, which escapes every text where it draws it; nothing else may come here."""
    return Markup(svg)  # noqa: S704  # see above


def viewer() -> Audience:
    """The visitor, as somebody for whom a plot is drawn."""
    return Audience(gettext, manner().zone, manner().zone_name)
