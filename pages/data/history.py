"""What was loaded, and the way back."""

from kam_core.ui import history, session, upload, upload_state

session.view()
upload_state.settle()
history.title()
place = upload.progress()
history.loads()
history.one()
upload.follow(place)
