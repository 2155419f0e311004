"""What was loaded, and the way back."""

from kam_core.ui import history, session, upload, upload_state

session.view()
upload_state.settle()
history.title()
upload.progress()
history.loads()
history.one()
