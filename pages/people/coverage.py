"""Is there time for every account? Hours against the policy, accounts that nobody holds, where care is spread thin."""

import streamlit as st

from kam_core.ui import cards, coverage, session, states

session.view()
cards.title("coverage")
if coverage.empty() or not session.facts().has("orders"):  # tiers, and with them the hours due, come of orders
    states.no_rows()
else:
    coverage.figures()
    left, right = st.columns([1, 1.5], gap="xsmall")
    with left:
        coverage.busiest()
    with right:
        coverage.map_()
    coverage.thin()
