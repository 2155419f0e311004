"""Which accounts, and how are they going? One row an account; a ticked row opens its page."""

from kam_core.ui import accounts, cards, session, states

view = session.view()
cards.title("accounts")
if session.report(view, "accounts").empty:
    states.no_rows()
else:
    accounts.listing()
