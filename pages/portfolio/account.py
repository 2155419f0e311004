"""Everything about one account: who it is, how it goes against last year and its industry, and all that happened."""

import streamlit as st

from kam_core.ui import account, cards, notes, overview, session

FIGURES = ["revenue", "gross_margin", "orders", "average_order_value", "discount_rate", "return_rate"]

session.view()
if account.opened():
    account.header()
    session.use(account.view())
    account.prepare(FIGURES)
    cards.kpis(FIGURES)
    left, right = st.columns([1.65, 1], gap="xsmall")
    with left:
        overview.revenue("page.account.months")
    with right:
        account.product_lines()
    left, middle, right = st.columns(3, gap="xsmall")
    with left:
        account.identity()
    with middle:
        account.standing()
    with right:
        account.rfm()
    left, middle, right = st.columns(3, gap="xsmall")
    with left:
        account.worth()
        account.concessions()
        account.contracts()
        account.partners()
    with middle:
        account.deals()
        account.tickets()
    with right:
        account.group()
        account.service()
        account.contacts()
    notes.card()
    account.timeline()
    account.order_lines()
else:
    cards.title("account")
    account.unknown()
