"""What would less churn bring, what would it cost, and where does a budget do most?"""

import streamlit as st

from kam_core.ui import cards, session, whatif
from kam_core.ui.session import words

session.view()
cards.title("whatif")
st.caption(words("page.whatif.note"))
if not whatif.possible():
    st.info(words("page.whatif.none"))
    st.stop()
left, right = st.columns([1, 2.2], gap="xsmall")
with left:
    chosen = whatif.assumptions()
with right:
    whatif.result(chosen)
    whatif.best_use(chosen)
