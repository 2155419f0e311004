"""Who is key? Pareto, tiers, who moved between them, the rules, and what other rules would change."""

import streamlit as st

from kam_core.ui import cards, groups, session, simulator, states, tiers

FIGURES = ["key_account_share", "revenue", "active_accounts", "gross_margin", "discount_rate"]

session.view()
groups.use()
view = session.view()
cards.title("tiers")
groups.switch()
if session.report(view, "tier_distribution").empty:
    states.no_rows()
    st.stop()
tiers.prepare(FIGURES)
cards.kpis(FIGURES)
left, right = st.columns([1.45, 1], gap="xsmall")
with left:
    tiers.pareto()
with right:
    tiers.distribution()
tiers.migration()
left, right = st.columns([1.45, 1], gap="xsmall")
with left:
    tiers.industries()
with right:
    tiers.rules()
simulator.card()
tiers.score()
