"""What can be done with an upload: explore it, look at it with the dashboard's pages, match it, publish it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from kam_core.metrics.measures import MEASURES
from kam_core.schema import TABLES
from kam_core.text import numbers
from kam_core.ui import cards, session, upload_mark
from kam_core.ui import upload_state as work
from kam_core.ui.cards import Table
from kam_core.ui.session import words
from kam_core.ui.upload_told import in_words
from kam_core.ui.upload_words import safe
from kam_core.uploads import publish
from kam_core.uploads.job import Job
from kam_core.uploads.publish import Difference, Figures
from kam_core.uploads.upload import Sheet, Upload

EXPLORE, HISTORY = "pages/data/explore.py", "pages/data/history.py"


def doors(sheet: Sheet) -> None:
    """Where to go from here."""
    upload = work.upload()
    with cards.card("doors", words("page.upload.next")):
        places = st.columns(3, gap="medium")
        with places[0]:
            _explore(sheet)
        with places[1]:
            _dashboard(upload)
        with places[2]:
            _publish_door(upload)


def _explore(sheet: Sheet) -> None:
    st.markdown(f"**{words('page.upload.explore')}**")
    st.caption(words("page.upload.explore_why"))
    if st.button(words("page.upload.explore_do"), key="explore", type="primary"):
        st.switch_page(EXPLORE, query_params=_table_of(sheet))


def _table_of(sheet: Sheet) -> dict[str, Any]:
    lang = {"lang": session.lang()} if session.lang() != session.default_lang() else {}
    return {"table": sheet.held, **lang}


# --- the app's own pages


def _dashboard(upload: Upload) -> None:
    st.markdown(f"**{words('page.upload.dashboard')}**")
    st.caption(words("page.upload.dashboard_why"))
    has_orders = any(s.table == "orders" and s.is_mapped for s in upload.sheets.values())
    if work.just_done("build"):
        upload_mark.to(session.UPLOAD)
        st.switch_page(upload_mark.OVERVIEW)
    if upload.own and st.button(words("page.upload.dashboard_again"), key="dashboard_again"):
        upload_mark.to(session.UPLOAD)
        st.switch_page(upload_mark.OVERVIEW)
    if not upload.own:
        st.button(
            words("page.upload.dashboard_do"), key="dashboard", disabled=not has_orders or work.running() is not None,
            help=None if has_orders else words("page.upload.needs_orders"), on_click=work.start,
            args=("build", upload.build),
        )  # fmt: skip


# --- publishing


def _publish_door(upload: Upload) -> None:
    st.markdown(f"**{words('page.upload.publish')}**")
    if not session.person().may("load"):
        st.caption(words("page.upload.publish_not_yours"))
        return
    st.caption(words("page.upload.publish_why"))
    store, scope = session.store(), session.scope()
    st.button(
        words("page.upload.publish_try"), key="propose", disabled=not upload.is_mapped or work.running() is not None,
        on_click=work.start, args=("propose", lambda job: publish.propose(job, store, upload, scope)),
    )  # fmt: skip


def difference() -> None:
    """What publishing would change, and the button that does it; after that, what it did."""
    upload = session.upload()
    done = work.result("publish")
    if done is not None:
        _published(done)
    found: Difference | None = work.result("propose")
    if upload is None or found is None or not session.person().may("load"):
        return
    with cards.card("difference", words("page.upload.difference")):
        if found.replaces_demo:
            st.warning(words("page.upload.replaces_demo"))
        if not found.report.changed:
            st.info(words("page.upload.nothing_changes"))
        counts = counts_table(found.report.tables)
        cards.show("counts_table", counts, words("page.upload.difference"))
        if found.after:
            figures_table("figures", found.before, found.after)
        for note in [*found.report.notes, *found.report.warnings]:
            st.caption(safe(in_words(note)))
        current = session.store().current()
        if (current.id if current else None) != found.parent:
            st.warning(words("page.upload.out_of_date"))
        elif found.report.changed:
            st.button(
                words("page.upload.publish_do"), key="publish", type="primary", on_click=_publish, args=(upload,),
                disabled=work.running() is not None,
            )  # fmt: skip


def _publish(upload: Upload) -> None:
    person, store, state = session.person(), session.store(), session.state()

    def run(job: Job) -> Any:
        report = publish.publish(job, store, upload, work.signed(person))
        if report.snapshot:
            work.put_down(state, person, "load", store, report.snapshot, upload.policy.audit.keep_days)
        return report

    work.start("publish", run)
    st.session_state.pop("_propose", None)


def _published(report: Any) -> None:
    rows = sum(n["added"] + n["updated"] for n in report.tables.values())
    st.success(words("page.upload.published", n=numbers.full(rows, session.lang(), "count")))
    with st.container(horizontal=True, gap="medium", key="published"):
        st.page_link(upload_mark.OVERVIEW, label=words("page.upload.to_overview"))
        st.page_link(HISTORY, label=words("page.upload.to_history"))


# --- tables that publishing and undoing share


def counts_table(tables: dict[str, dict[str, int]]) -> Table:
    """Added, changed, unchanged, refused, per table; nothing where it was not counted."""
    keys = ("added", "updated", "unchanged", "refused")
    known = {name: n for name, n in tables.items() if name in TABLES}
    rows = [[words(f"table.{name}"), *(n.get(key) for key in keys)] for name, n in known.items()]
    frame = pd.DataFrame(rows, columns=["table", *keys]).astype(dict.fromkeys(keys, "Int64"))
    return Table(frame, dict.fromkeys(keys, "count"))


def figures_table(key: str, before: Figures | None, after: Figures) -> None:
    """The main figures before and after, each with its change; what did not change says so."""
    lang = session.lang()
    if before and before.as_of != after.as_of:
        reached = {"before": numbers.day(before.as_of, lang), "after": numbers.day(after.as_of, lang)}
        st.caption(words("page.upload.reached", **reached))
    rows = [_figure(name, before, after) for name in publish.KPIS if after.values[name] is not None or before]
    frame = pd.DataFrame([row for row in rows if row])
    with st.container(key=key):
        st.dataframe(
            frame, hide_index=True, alt=words("page.upload.figures", year=after.year), placeholder="", height="content",
            column_config={c: st.column_config.TextColumn(words(f"column.{c}")) for c in frame.columns},
        )  # fmt: skip


def _figure(name: str, before: Figures | None, after: Figures) -> dict[str, str] | None:
    lang, measure = session.lang(), MEASURES[name]
    then, now = before.values[name] if before else None, after.values[name]
    if then is None and now is None:
        return None
    same = then == now
    return {
        "figure": words(f"measure.{name}.label"),
        "figure_before": numbers.full(then, lang, measure.unit, after.currency),
        "figure_after": numbers.full(now, lang, measure.unit, after.currency),
        "difference": words("page.upload.same") if same else numbers.delta(
            None if then is None or now is None else now - then, lang, measure.unit, after.currency
        ),
    }  # fmt: skip
