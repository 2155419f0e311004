"""Who is about to leave, why, what is it worth, and whom do I call first?"""

import streamlit as st

from kam_core.ui import cards, churn, session, states

session.view()
cards.title("churn")
if churn.empty():
    states.no_rows()
    st.stop()
churn.note()
churn.figures()
left, right = st.columns([1.25, 1], gap="xsmall")
with left:
    churn.call_first()
with right:
    churn.value_map()
left, right = st.columns([1.25, 1], gap="xsmall")
with left:
    churn.parts()
with right:
    churn.why()
churn.listing()
churn.warnings()
