"""What moved? The pipeline of one day becomes that of another, step by step, each with its deals."""

import streamlit as st

from kam_core.ui import cards, deals, movement, session

session.view()
cards.title("movement", movement.looked_at())
if deals.missing("movement"):
    st.stop()
movement.days()
left, right = st.columns([1.2, 1], gap="xsmall")
with left:
    movement.steps()
with right:
    movement.listing()
