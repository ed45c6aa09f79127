"""Plots as answers."""

from __future__ import annotations

from typing import Final

from litestar import Response

from forecourt.drawing.step_plot import POLICY, Plot, step_plot

SVG: Final = "image/svg+xml"


def answer_plot(plot: Plot) -> Response[str]:
    return Response(step_plot(plot), media_type=SVG, headers={"Content-Security-Policy": POLICY})
