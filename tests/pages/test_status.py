"""The data status page through app.py."""

from streamlit.testing.v1 import AppTest


def test_tables_and_checks(app: AppTest):
    app.run().switch_page("pages/data/status.py").run()
    assert app.title[0].value == "What data is behind this?"
    rows = dict(zip(app.dataframe[0].value["table"], app.dataframe[0].value["rows"], strict=True))
    assert rows["Orders"] == 8
    assert rows["Accounts"] == 3
