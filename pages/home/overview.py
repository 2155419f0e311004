"""How are our key accounts doing? What changed, and what should worry me?"""

import streamlit as st

from kam_core.ui import cards, overview, session

FIGURES = ["revenue", "gross_margin", "active_accounts", "key_account_share", "nrr", "attainment"]

session.view()
overview.prepare(FIGURES)
cards.title("overview")
cards.kpis(FIGURES)
left, right = st.columns([1.65, 1], gap="xsmall")
with left:
    overview.revenue()
with right:
    overview.changes()
left, middle, right = st.columns([2.3, 1.35, 0.95], gap="xsmall")
with left:
    overview.matrix()
with middle:
    overview.movers()
with right:
    overview.tiers()
