"""How is each account manager doing, against peers? One manager opened: portfolio, figures, whom to call this week."""

import streamlit as st

from kam_core.ui import cards, overview, people, session, states

session.view()
opened = people.opened()
if opened is not None:
    people.heading(opened)
    people.tiles_of(opened)
    left, right = st.columns([1.3, 1], gap="xsmall")
    with left:
        people.calls()
        overview.revenue("page.managers.months")
    with right:
        people.against_peers(opened)
    people.portfolio()
else:
    people.prepare()
    cards.title("managers")
    if people.everybody().empty:
        states.no_rows("managers")
    else:
        people.figures()
        left, right = st.columns([1.2, 1], gap="xsmall")
        with left:
            people.dots()
        with right:
            people.worst()
        people.board()
