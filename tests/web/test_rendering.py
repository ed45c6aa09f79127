"""Templates: what they show is escaped, what they miss is a mistake, and what they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from forecourt.web.rendering import STATIC, Renderer, static

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = STATIC.parent / "templates"
ALL = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
ICON = re.compile(r'(?:icon\(|icon_name=|p\.(?:empty|action|danger)\([^)\n]*?, )"([a-z0-9-]+)"')


FORBIDDEN = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\s(?:hx-)?on[a-z:-]+=|javascript:|(?:src|href|action)=.https?://"
)


def rendered(source: str, **context: object) -> str:
    return Renderer().environment.from_string(source).render(context)


def test_what_a_station_says_is_escaped() -> None:
    assert rendered("{{ said }}", said='<b onclick="x">&') == "&lt;b onclick=&#34;x&#34;&gt;&amp;"


def test_what_is_not_there_is_a_mistake_and_not_an_empty_place() -> None:
    with pytest.raises(UndefinedError):
        rendered("{{ nothing }}")


@pytest.mark.parametrize("template", ALL)
def test_a_template_can_be_read_and_holds_nothing_that_the_policy_forbids(template: str) -> None:
    Renderer().environment.get_template(template)
    source = (TEMPLATES / template).read_text(encoding="utf-8")
    assert not FORBIDDEN.search(source)
    assert "|safe" not in source


def test_every_icon_that_is_named_is_brought_in() -> None:
    brought_in = set((ROOT / "assets" / "icons.txt").read_text(encoding="ascii").split())
    named = {name for path in TEMPLATES.rglob("*.html") for name in ICON.findall(path.read_text(encoding="utf-8"))}
    assert not named - brought_in - {"btn"}, "add these names to assets/icons.txt"
    assert (ROOT / "assets" / "icons.txt").read_text(encoding="ascii").split() == sorted(brought_in)


def test_the_address_of_a_static_file_changes_with_it() -> None:
    assert re.fullmatch(r"/static/[0-9a-f]{12}/console\.css", static("console.css"))


def test_what_browsers_are_given_is_there() -> None:
    for name in ("tabler.css", "htmx.js", "idiomorph.js", "uplot.js", "uplot.css", "icons.svg"):
        assert (STATIC / "vendor" / name).stat().st_size > 1000
