"""Which accounts, and how are they going? One row an account; a ticked row opens its page."""

from kam_core.ui import accounts, cards, groups, session, states

session.view()
if not accounts.moved():
    groups.use()
view = session.view()
cards.title("accounts")
if not accounts.moved():
    groups.switch()
if session.report(view, "accounts").empty:
    states.no_rows()
else:
    accounts.listing()
