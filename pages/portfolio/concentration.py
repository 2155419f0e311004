"""Do we hang on a few? Shares of the largest over time, and what is left without them."""

import streamlit as st

from kam_core.ui import cards, concentration, session, states

view = session.view()
cards.title("concentration")
if not session.report(view, "concentration", by="group").groups.iloc[0]:
    states.no_rows()
    st.stop()
by, leave = concentration.chosen()
concentration.figures(by)
concentration.windows()
concentration.history(by)
left, right = st.columns([1.4, 1], gap="xsmall")
with left:
    concentration.largest(by)
with right:
    concentration.leaving(by, leave)
concentration.members(by)
