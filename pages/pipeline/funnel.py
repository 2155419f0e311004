"""What is coming? How far deals come, where they stand, which stand too long, why they are lost."""

import streamlit as st

from kam_core.ui import cards, deals, funnel, session, states

FIGURES = ["pipeline_amount", "weighted_pipeline", "win_rate", "win_rate_amount", "sales_cycle_days", "won_amount"]

view = session.view()
cards.title("funnel")
if deals.missing("funnel"):
    st.stop()
if session.report(view, "funnel").empty:
    states.no_rows("opportunities")
    st.stop()
funnel.prepare(FIGURES)
cards.kpis(FIGURES)
left, right = st.columns([1.5, 1], gap="xsmall")
with left:
    funnel.stages()
with right:
    funnel.breakout()
left, right = st.columns([2.6, 1], gap="xsmall")
with left:
    funnel.listing()
with right:
    funnel.losses()
