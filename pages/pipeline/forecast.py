"""Will the target be met? Won, expected with its bounds, pace, coverage, and how good earlier forecasts were."""

import streamlit as st

from kam_core.ui import cards, deals, forecast, session, states

view = session.view()
cards.title("forecast")
if deals.missing("forecast"):
    st.stop()
if session.report(view, "forecast").empty:
    states.no_rows("opportunities")
    st.stop()
forecast.figures()
left, right = st.columns([1.5, 1], gap="xsmall")
with left:
    forecast.outlook()
with right:
    forecast.grades()
forecast.listing()
