"""What is a relationship worth over its life, past and to come?"""

import streamlit as st

from kam_core.ui import cards, session, worth
from kam_core.ui.session import words

session.view()
cards.title("value")
if not worth.valued():
    st.info(words("page.value.none"))
    st.stop()
worth.note()
worth.figures()
left, right = st.columns([1.2, 1], gap="xsmall")
with left:
    worth.parts()
with right:
    worth.accounts()
