"""Do we keep our customers? Retention over time and by part, cohorts, and the bridge from last year."""

import streamlit as st

from kam_core.ui import cards, keeping, session
from kam_core.ui.session import words

session.view()
cards.title("retention")
if not keeping.known():
    st.info(words("page.retention.not_enough"))
    st.stop()
cards.kpis(["nrr", "grr", "logo_churn", "active_accounts", "revenue"])
left, right = st.columns([1.4, 1], gap="xsmall")
with left:
    keeping.over_time()
with right:
    keeping.churned()
left, right = st.columns([1, 1.1], gap="xsmall")
with left:
    keeping.parts()
with right:
    keeping.bridge()
keeping.behind()
keeping.cohorts()
