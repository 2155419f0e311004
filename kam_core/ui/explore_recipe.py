"""Recipes of the explore page: kept charts, filters and SQL, saved under a name and run on another month's file."""

from __future__ import annotations

import html
from typing import Any

import streamlit as st

from kam_core.errors import KamError
from kam_core.explore import recipe as recipes
from kam_core.explore.recipe import Fitted, NotARecipe, Recipe
from kam_core.explore.source import shown
from kam_core.text.i18n import join
from kam_core.ui import address, explore_ask, session
from kam_core.ui import explore_state as state
from kam_core.ui import explore_words as say
from kam_core.ui.explore_sql import STATE as SQL
from kam_core.ui.explore_state import Exploring
from kam_core.ui.session import words

KIND = "recipe"
LARGEST = 1_000_000  # bytes of a recipe file
ASKS = "_kept_asks"


def page(found: Exploring) -> None:
    """What was kept, and the recipes that there are."""
    left, right = st.columns([2, 1], gap="small")
    with right:
        _save(found)
        _open(found)
    with left:
        _report(found)
        _charts(found)


def _charts(found: Exploring) -> None:
    asks = [ask for ask in st.session_state.get(ASKS, []) if all(found.source.has(c) for c in ask.columns)]
    if not asks:
        with st.container(border=True, key="card_no_charts"):
            st.markdown(f"**{words('explore.recipe.none_title')}**")
            st.caption(words("explore.recipe.none_do"))
    for place, ask in enumerate(asks):
        with st.container(border=True, key=f"card_kept_{place}", gap="xsmall"):
            explore_ask.answered(found, ask, f"kept_{place}", clickable=False)
            st.button(
                words("explore.recipe.remove"), key=f"drop_{place}", type="tertiary",
                on_click=lambda ask=ask: st.session_state[ASKS].remove(ask),
            )  # fmt: skip


def _now(found: Exploring, name: str) -> Recipe:
    kinds = st.session_state.get("_kinds", {}).get(found.held.name, {})
    asks = st.session_state.get(ASKS) or ([found.ask] if found.ask else [])
    known = [ask for ask in asks if all(found.source.has(c) for c in ask.columns)]
    return recipes.kept(name, found.source.columns, known, found.filters, kinds, st.session_state.get(SQL) or "")


def _save(found: Exploring) -> None:
    with st.container(border=True, key="card_save", gap="xsmall"):
        _heading(words("explore.recipe.save_title"))
        name = st.text_input(words("explore.recipe.name"), key="recipe_name", max_chars=100)
        shared = st.checkbox(words("explore.recipe.shared"), key="recipe_shared")
        with st.container(horizontal=True, gap="xsmall"):
            cannot = not name.strip() or session.person().acting_for is not None
            if st.button(words("explore.recipe.save"), key="recipe_save", type="primary", disabled=cannot):
                _keep(found, name.strip(), shared)
            st.download_button(
                words("explore.recipe.download"), lambda: _now(found, name.strip() or "recipe").to_json(),
                "recipe.json",
                "application/json", key="recipe_download", on_click="ignore",
            )  # fmt: skip


def _keep(found: Exploring, name: str, shared: bool) -> None:
    try:
        session.state().save(KIND, name, session.person().key, _now(found, name).to_dict(), shared)
    except KamError as error:
        st.error(say.plain(str(error)))
    else:
        st.caption(words("explore.recipe.saved", name=say.plain(shown(name))))


def _open(found: Exploring) -> None:
    with st.container(border=True, key="card_open", gap="xsmall"):
        _heading(words("explore.recipe.open_title"))
        person = session.person().key
        for saved in session.state().saved(KIND, person):
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"recipe_{saved.id}"):
                st.button(
                    say.plain(shown(saved.name)), key=f"open_{saved.id}", width="stretch",
                    on_click=lambda body=saved.body: _use_body(found, body),
                )  # fmt: skip
                if saved.owner == person and session.person().acting_for is None:
                    st.button(
                        words("explore.recipe.delete"), key=f"delete_{saved.id}", type="tertiary",
                        on_click=lambda name=saved.name: _delete(name),
                    )  # fmt: skip
        st.html(_dropzone())
        file = st.file_uploader(words("explore.recipe.upload"), type=["json"], key="recipe_file", max_upload_size=1)
        if file is not None and st.button(words("explore.recipe.use"), key="recipe_use"):
            _use_file(found, file.getvalue())


def _dropzone() -> str:
    """Streamlit's own words of the place to drop are English and cannot be set: ours stand in their place."""
    zone = '.st-key-recipe_file [data-testid="stFileUploaderDropzone"]'
    button = words("page.upload.choose").replace('"', "'")
    instructions = '.st-key-recipe_file [data-testid="stFileUploaderDropzoneInstructions"]'
    return (
        f'<style>{zone} button * {{ font-size: 0; }} {zone} button::after {{ content: "{html.escape(button)}"; }}'
        f' {instructions} > * {{ display: none; }} {instructions}::after {{ content: "JSON"; }}</style>'
    )


def _delete(name: str) -> None:
    session.state().delete(KIND, name, session.person().key)


def _use_body(found: Exploring, body: dict[str, Any]) -> None:
    try:
        _use(found, Recipe.from_dict(body))
    except NotARecipe:
        st.toast(words("explore.recipe.not_one"))


def _use_file(found: Exploring, content: bytes) -> None:
    try:
        recipe = Recipe.from_json(content[: LARGEST + 1])
    except NotARecipe:
        st.error(words("explore.recipe.not_one"))
        return
    _use(found, recipe)
    st.rerun()


def _use(found: Exploring, recipe: Recipe, chosen: dict[str, str] | None = None) -> None:
    """Take a recipe over, as far as it fits this table."""
    fitted = recipes.fit(recipe, found.source.columns, chosen)
    st.session_state["_recipe"] = (found.held.name, recipe, fitted)
    st.session_state[ASKS] = list(fitted.recipe.asks)
    st.session_state[SQL] = fitted.recipe.sql
    st.session_state.pop(f"sql_text_{found.held.name}", None)
    st.session_state.setdefault("_kinds", {})[found.held.name] = dict(fitted.recipe.kinds)
    state.keep(found.source.columns, fitted.recipe.filters)
    if fitted.recipe.asks:
        state.ask(found.source.columns, fitted.recipe.asks[0])
    address.touched()


def _report(found: Exploring) -> None:
    """What of the recipe that was opened runs on this table, and what does not."""
    held, recipe, fitted = st.session_state.get("_recipe") or ("", Recipe(""), None)
    if fitted is None or held != found.held.name:
        return
    with st.container(border=True, key="card_fitted", gap="xsmall"):
        _heading(words("explore.recipe.opened", name=shown(recipe.name)))
        for line in _lines(recipe, fitted):
            st.markdown(say.plain(line))
        if fitted.missing:
            _replace_missing(found, recipe, fitted)


def _heading(text: str) -> None:
    st.html(f'<div class="kam-head"><h3>{html.escape(text)}</h3></div>')


def _lines(recipe: Recipe, fitted: Fitted) -> list[str]:
    lang = session.lang()
    runs, filters = len(fitted.recipe.asks), len(fitted.recipe.filters)
    whole = {"of": len(recipe.asks), "filters_of": len(recipe.filters)}
    lines = [words("explore.recipe.runs", charts=runs, filters=filters, **whole)]
    if fitted.renamed:
        pairs = [f"{shown(old)} → {shown(new)}" for old, new in fitted.renamed.items()]
        lines.append(words("explore.recipe.renamed", columns=join(lang, pairs)))
    if fitted.missing:
        lines.append(words("explore.recipe.missing", columns=join(lang, [shown(c) for c in fitted.missing])))
    for column, wanted, now in fitted.other:
        families = {"wanted": words(f"explore.family.{wanted}"), "now": words(f"explore.family.{now}")}
        lines.append(words("explore.recipe.other", column=shown(column), **families))
    if fitted.asks_left_out:
        questions = [say.question(ask) for ask in fitted.asks_left_out]
        lines.append(words("explore.recipe.charts_left_out", questions=join(lang, questions)))
    if fitted.filters_left_out:
        columns = [shown(f.column) for f in fitted.filters_left_out]
        lines.append(words("explore.recipe.filters_left_out", columns=join(lang, columns)))
    return lines


def _replace_missing(found: Exploring, recipe: Recipe, fitted: Fitted) -> None:
    """Where a column was renamed, the reader says what it is called now."""
    names: dict[Any, str] = {None: words("explore.recipe.nowhere"), **say.columns(found)}
    chosen = {}
    for place, missing in enumerate(fitted.missing):
        to = st.selectbox(
            words("explore.recipe.now_called", column=say.plain(shown(missing))), list(names), width=360,
            format_func=names.__getitem__, key=f"renamed_{place}",
        )  # fmt: skip
        if to is not None:
            chosen[missing] = to
    st.button(
        words("explore.recipe.again"), key="recipe_again", disabled=not chosen,
        on_click=lambda: _use(found, recipe, chosen),
    )  # fmt: skip
