"""Where is each relationship? Accounts by state, how they passed from one to another, and which they are."""

import streamlit as st

from kam_core.ui import cards, lifecycle, session, states

view = session.view()
cards.title("lifecycle")
if session.report(lifecycle.standing(), "lifecycle").empty:
    states.no_rows()
    st.stop()
left, right = st.columns([1, 1.35], gap="xsmall")
with left:
    lifecycle.states()
with right:
    lifecycle.moves()
lifecycle.listing()
