"""The few rules of style that Streamlit's theme has no option for."""

from __future__ import annotations

import streamlit as st

from kam_core.charts.tokens import Look

CSS = """
.stMainBlockContainer { padding: 2.2rem 1.5rem 1rem 1.5rem; max-width: 1760px; }
header.stAppHeader { height: 2.2rem; min-height: 2.2rem; background: transparent; }

.stMainBlockContainer > div > [data-testid="stVerticalBlock"],
.stMainBlockContainer > [data-testid="stVerticalBlock"] { gap: .6rem; }
h1 { padding: 0 0 .15rem 0 !important; }
.kam-sentence { margin: 0; font-size: .95rem; color: inherit; display: flex; flex-wrap: wrap; }
.kam-sentence { gap: 0 1.5rem; justify-content: space-between; }
.kam-sentence span { opacity: .65; font-size: .85rem; }
.kam-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; min-width: 0; }
.kam-head h3 { font-size: 1rem; font-weight: 600; margin: 0; padding: 0; line-height: 1.5; }
.kam-legend { display: flex; gap: .8rem; font-size: .8rem; opacity: .85; flex-wrap: wrap; }
.kam-legend i { display: inline-block; width: .75em; height: .75em; margin-right: .35em; vertical-align: -.05em; }
.kam-legend i { box-sizing: border-box; }
.kam-solid { background: var(--c); }
.kam-outline { border: 1.5px solid var(--c); }
.kam-partial { border: 1.5px dashed var(--c); background: color-mix(in srgb, var(--c) 40%, transparent); }
[class*="st-key-card_"] { padding: .55rem .8rem .5rem .8rem; }
[class*="st-key-head_"] { justify-content: space-between; min-height: 1.6rem; }
[class*="st-key-head_"] > div:first-child { flex: 1 1 auto; min-width: 0; }
[class*="st-key-more_"] button { min-height: 1.4rem; padding: 0 .4rem; }
[class*="st-key-more_"] button svg, [class*="st-key-more_"] [data-testid="stIconMaterial"] { display: none; }
.kam-kpis { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .5rem; }
.kam-kpi { position: relative; border: 1px solid var(--kam-line); }
.kam-kpi { border-radius: 6px; padding: .5rem .8rem; cursor: help; }
.kam-kpi:focus-visible { outline: 2px solid var(--kam-good); }
.kam-label { font-size: .86rem; opacity: .8; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.kam-value { display: flex; justify-content: space-between; align-items: center; gap: .4rem; min-height: 2.2rem; }
.kam-value b { font-size: 1.7rem; font-weight: 600; }
.kam-value b { line-height: 1.25; font-variant-numeric: tabular-nums; white-space: nowrap; }
.kam-value img { flex: 0 1 80px; min-width: 40px; }
.kam-delta { font-size: .88rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.kam-tip { display: none; position: absolute; z-index: 50; left: 0; top: calc(100% + 4px); width: max(100%, 250px); }
.kam-tip { padding: .6rem .75rem; font-size: .86rem; line-height: 1.45; border-radius: 6px; }
.kam-tip { background: var(--kam-text); color: var(--kam-surface); box-shadow: 0 4px 16px rgb(0 0 0 / .25); }
.kam-tip i { opacity: .75; }
.kam-kpi:nth-child(n+5) .kam-tip { left: auto; right: 0; }
.kam-kpi:hover .kam-tip, .kam-kpi:focus .kam-tip { display: block; }
[class*="st-key-changes"] button { text-align: left; justify-content: flex-start; }
[class*="st-key-changes"] button * { text-align: left; }
[class*="st-key-changes"] a { padding: .12rem 0; min-height: 0; }
[class*="st-key-changes"] a p { white-space: normal; text-overflow: clip; line-height: 1.35; font-size: .93rem; }
.st-key-changes_group button { min-height: 0; padding: .12rem 0; }
[data-testid="stSidebarHeader"] { height: 2.2rem; min-height: 2.2rem; padding: 0 .5rem; margin: 0; }
[data-testid="stSidebar"][data-collapsed="true"] { visibility: hidden; } /* or the keyboard goes where nobody looks */
a[data-testid="stPageLink-NavLink"]:focus-visible { outline: 2px solid var(--kam-good); outline-offset: -2px; }
[data-testid="stSidebarUserContent"] { padding: 0 1.1rem 1rem 1.1rem; }
.kam-brand { font-weight: 700; font-size: 1.05rem; margin: 0 0 .4rem .2rem; }
[class*="st-key-card_"] [data-testid="stElementToolbar"] { right: 2.2rem; }
.stVegaLiteChart [data-testid="stElementToolbarButton"]:first-child { display: none; }
.st-key-matrix_scroll { overflow-x: auto; }
.kam-section { font-size: .82rem; opacity: .65; margin: .35rem 0 .1rem .45rem; }
.st-key-submenu { padding-left: .6rem; }
.st-key-menu { margin-bottom: .5rem; }
section.stSidebar [data-testid="stVerticalBlock"] { gap: .55rem; }
.kam-scroll { overflow-x: auto; }
.kam-facts { border-collapse: collapse; width: 100%; font-size: .86rem; font-variant-numeric: tabular-nums; }
.kam-facts th { font-weight: 400; opacity: .7; text-align: right; padding: .1rem 0 .1rem .8rem; white-space: nowrap; }
.kam-facts td { text-align: right; padding: .22rem 0 .22rem .8rem; border-top: 1px solid var(--kam-line); }
.kam-facts th:first-child, .kam-facts td:first-child { text-align: left; padding-left: 0; }
.kam-listed td { white-space: nowrap; }
.kam-listed td:nth-child(2) { white-space: normal; }
.kam-timeline { max-height: 460px; overflow-y: auto; font-size: .9rem; }
.kam-timeline > div { columns: 3 360px; column-gap: 2rem; }
.kam-timeline .kam-month:first-child { margin-top: 0; }
.kam-month { font-weight: 600; margin: .5rem 0 .15rem 0; break-after: avoid; }
.kam-event { padding: .12rem 0; break-inside: avoid; }
.kam-event span { display: inline-block; min-width: 4.2rem; opacity: .7; font-variant-numeric: tabular-nums; }
.kam-event i { display: inline-block; width: .55em; height: .55em; border-radius: 50%; margin-right: .5em; }
.kam-event b { font-weight: 600; }
.kam-who { font-size: .86rem; line-height: 1.4; }
.kam-out { font-size: .9rem; color: inherit; }
.st-key-account { margin-top: .4rem; }
.st-key-acting { background: color-mix(in srgb, var(--kam-good) 16%, transparent); padding: .3rem .8rem; }
.st-key-acting { border-left: 4px solid var(--kam-good); border-radius: 6px; margin-bottom: .3rem; }
.kam-acting { font-weight: 600; }
.st-key-acting > div:first-child { flex: 1 1 auto; }
.st-key-gate { max-width: 34rem; margin: 12vh auto 0 auto; }
.kam-kept { display: flex; flex-direction: column; line-height: 1.3; }
.kam-kept span { opacity: .65; font-size: .85rem; }
[class*="st-key-kept_"] > div:first-child, [class*="st-key-note_"] > div:first-child { flex: 1 1 auto; min-width: 0; }
.kam-kept b, .kam-note p { overflow-wrap: anywhere; }
.kam-note span { opacity: .65; font-size: .85rem; }
.kam-note p { margin: 0; white-space: pre-wrap; font-size: .93rem; }
.st-key-no_upload { margin-top: .6rem; }
.st-key-explore_controls > div { flex: 1 1 104px !important; min-width: 104px; width: auto !important; }
.st-key-card_suggestions button { justify-content: flex-start; text-align: left; min-height: 0; padding: .15rem 0; }
.st-key-card_suggestions button > div { justify-content: flex-start; width: 100%; }
.st-key-card_suggestions button p { white-space: normal; font-size: .92rem; line-height: 1.3; }
.st-key-keep_chart button { padding: .25rem .7rem; margin-top: .3rem; }
.st-key-explore_chips button { min-height: 1.7rem; padding: .05rem .6rem; max-width: 100%; }
.st-key-upload_mark { padding: .3rem .8rem; border-color: var(--kam-bad) !important; }
.st-key-upload_mark { background: color-mix(in srgb, var(--kam-bad) 10%, transparent); }
@media (max-width: 640px) {
  .stMainBlockContainer { padding: 3rem .8rem 1rem .8rem; }
  .st-key-matrix_scroll > div { min-width: 640px; }
  .kam-sentence span { flex-basis: 100%; }
  .kam-kpi:nth-child(even) .kam-tip { left: auto; right: 0; }
}
/* On paper: what is read, without what is clicked, one card below the other; of three columns the narrow two share a
   row. A chart keeps the size it has on screen, or less where that is wider than the paper. */
@page { size: A4 portrait; margin: 10mm; }
@media print {
  [data-testid="stSidebar"], header.stAppHeader, [data-testid="stElementToolbar"],
  [data-testid="stExpandSidebarButton"], [class*="st-key-more_"], .st-key-way, .st-key-back, .stButtonGroup,
  .stDownloadButton, .kam-tip {
    display: none !important;
  }
  .stApp, [data-testid="stAppViewContainer"], [data-testid="stMain"] {
    position: static !important; display: block !important; height: auto !important; overflow: visible !important;
  }
  .stMainBlockContainer { padding: 0; max-width: none; zoom: .69; }
  [data-testid="stHorizontalBlock"]:has([class*="st-key-card_"]) { display: flex !important; flex-wrap: wrap; }
  [data-testid="stHorizontalBlock"]:has([class*="st-key-card_"]) > [data-testid="stColumn"] {
    flex: 1 1 100%; min-width: 0;
  }
  [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:nth-child(2):has(+ [data-testid="stColumn"]),
  [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:nth-child(n+3) { flex: 1 1 45% !important; }
  [class*="st-key-card_"], .kam-kpi { break-inside: avoid; }
  .stVegaLiteChart canvas, .stVegaLiteChart svg { max-width: 100%; height: auto !important; }
  .kam-timeline { max-height: none; overflow: visible; }
  .st-key-matrix_scroll { overflow: visible; }
}
"""


def apply(look: Look) -> None:
    """The rules, with the colours of the theme as variables."""
    colours = (f"--kam-{name}: {getattr(look, name)};" for name in ("text", "surface", "line", "good", "bad"))
    st.html(f"<style>:root {{ {' '.join(colours)} }}{CSS}</style>")
