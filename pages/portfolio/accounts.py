"""Which accounts, and how are they going? One row an account; opened, one account with its order lines."""

from kam_core.ui import accounts, cards, overview, session, states

view = session.view()
if accounts.opened():
    accounts.account()
    session.use(accounts.view())
    cards.kpis(["revenue", "gross_margin", "orders", "average_order_value", "discount_rate", "return_rate"])
    overview.revenue("page.account.months")
    accounts.order_lines()
else:
    cards.title("accounts")
    if session.report(view, "accounts").empty:
        states.no_rows()
    else:
        accounts.listing()
