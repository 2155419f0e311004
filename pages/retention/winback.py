"""Whom to win back: lost accounts by what their return is worth, and what they used to buy."""

import streamlit as st

from kam_core.ui import cards, session, worth
from kam_core.ui.session import words

session.view()
cards.title("winback")
if not worth.any_lost():
    st.info(words("page.winback.none"))
    st.stop()
worth.lost_note()
worth.lost_figures()
worth.lost_list()
