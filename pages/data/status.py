"""What data is behind this? Loads, refused rows, checks."""

from kam_core.ui import cards, session, status

session.view()
cards.title("status")
status.tables()
status.loads()
status.checks()
status.refused()
