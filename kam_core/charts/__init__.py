"""Charts: a frame and words in, a Vega-Lite specification out. No data access, no Streamlit."""
