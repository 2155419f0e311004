"""Who earns, and who only looks big? Profit after cost to serve, the test for fake big accounts, what would turn it."""

import streamlit as st

from kam_core.ui import cards, profit, session, states

session.view()
profit.use_year()
cards.title("profit")
if profit.curve().empty:
    states.no_rows()
else:
    profit.missing()
    profit.figures()
    left, middle, right = st.columns([1.1, 1.35, 0.62], gap="xsmall")
    with left:
        profit.whale()
    with middle:
        profit.fields()
    with right:
        profit.assumptions()
    left, right = st.columns([2.6, 1], gap="xsmall")
    with left:
        profit.listing()
    with right:
        profit.leaks()
