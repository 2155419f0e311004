"""A manager leaves: what is at stake, who takes over, the files that make it so, and what came of past handovers."""

from kam_core.ui import cards, handover, session, states

session.view()
cards.title("handover")
handover.choose()
if handover.accounts().empty:
    states.nothing_to_hand_over()
else:
    handover.figures()
    handover.plan()
handover.past()
