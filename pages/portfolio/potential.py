"""Where would more effort pay? Value against potential, share of wallet, a ranked list with weights to be moved."""

import streamlit as st

from kam_core.ui import cards, groups, potential, profit, session, states

session.view()
groups.use()
profit.use_year()
cards.title("potential")
groups.switch()
if potential.accounts().empty:
    states.no_rows()
elif not potential.is_known():
    potential.unknown()
else:
    potential.figures()
    left, middle, right = st.columns([1.6, 0.9, 0.6], gap="xsmall")
    with left:
        potential.value_map()
    with middle:
        potential.wallet()
    with right:
        potential.sliders()
    potential.listing()
