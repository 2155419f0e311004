"""The user interface: the only part, with app.py and pages, that knows Streamlit."""
