"""How good is the churn list? Earlier dates replayed on own orders, against simple rules."""

import streamlit as st

from kam_core.ui import cards, session, trust

session.view()
cards.title("trust")
if not trust.tested():
    trust.untested()
    st.stop()
trust.note()
left, right = st.columns([1.15, 1], gap="xsmall")
with left:
    trust.verdict()
with right:
    trust.alarms()
left, right = st.columns(2, gap="xsmall")
with left:
    trust.calibration()
with right:
    trust.lift()
trust.against()
trust.accounts()
