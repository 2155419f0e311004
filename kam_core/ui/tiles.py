"""Figures of a page's own, in the look of the measures: value, what it means, definition on hover."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from kam_core.ui import session


@dataclass(frozen=True)
class Tile:
    """`tone` is good, bad or "" for the colour of the note."""

    key: str
    label: str
    value: str
    note: str
    explained: str
    tone: str = ""


def show(tiles: Sequence[Tile]) -> None:
    """A row of them."""
    st.html(f'<div class="kam-kpis">{"".join(_one(tile) for tile in tiles)}</div>')


def _one(tile: Tile) -> str:
    look = session.colours()
    colour = {"good": f"color:{look.good_text}", "bad": f"color:{look.bad_text}"}.get(tile.tone, f"color:{look.muted}")
    return (
        f'<div class="kam-kpi" tabindex="0" data-measure="{tile.key}">'
        f'<div class="kam-label">{html.escape(tile.label)}</div>'
        f'<div class="kam-value"><b>{html.escape(tile.value)}</b></div>'
        f'<div class="kam-delta" style="{colour}">{html.escape(tile.note)}</div>'
        f'<div class="kam-tip">{html.escape(tile.explained)}</div></div>'
    )
