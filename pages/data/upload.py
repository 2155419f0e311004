"""Bring a file: what is in it, what is wrong with it, and what to do with it."""

from kam_core.ui import (
    session,
    upload,
    upload_mapping,
    upload_match,
    upload_next,
    upload_rows,
    upload_state,
)

session.view()
upload_state.settle()
upload.title()
upload.drop()
upload.files()
upload.problems()
place = upload.progress()
sheet = upload.sheet()
if sheet:
    upload.understood(sheet)
    if sheet.held:
        upload_mapping.mapping(sheet)
        upload_rows.rows(sheet)
        upload_next.doors(sheet)
        upload_match.accounts()
        upload_next.difference()
upload.templates()
upload.follow(place)
