"""Which region and industry stand where? Any measure in both arms of the matrix, down to managers and accounts."""

import streamlit as st

from kam_core.ui import cards, matrix, session, states

view = session.view()
cards.title("matrix")
if session.report(view, "matrix").empty:
    states.no_rows()
    st.stop()
cards.kpis(["revenue", "gross_margin", "active_accounts", "attainment"])
measure, show = matrix.chosen()
matrix.matrix(measure, show)
if matrix.is_known():
    matrix.behind()
    matrix.directors()
