"""One chart of every kind that the user interface's library can draw, and what else loads code or pictures."""

import altair as alt
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

frame = pd.DataFrame({"name": ["a", "b", "c"], "value": [1.0, 3.0, 2.0]})
st.title("Charts")
st.vega_lite_chart(
    {"data": {"values": frame.to_dict("records")}, "mark": "bar",
     "transform": [{"calculate": "datum.value * 2", "as": "double"}],
     "params": [{"name": "pick", "select": "point"}],
     "encoding": {"x": {"field": "name"}, "y": {"field": "double", "type": "quantitative"}}},
    key="vega", on_select="rerun",
)  # fmt: skip
st.altair_chart(alt.Chart(frame).mark_line().encode(x="name", y="value").interactive())
st.plotly_chart(go.Figure(go.Bar(x=frame["name"], y=frame["value"])), key="plotly", on_select="rerun")
st.plotly_chart(go.Figure(go.Scattergl(x=[1, 2, 3], y=frame["value"])), key="gl")
flow = {"type": "sankey", "data": [{"name": n} for n in "xyz"],
        "links": [{"source": "x", "target": "y", "value": 2}, {"source": "x", "target": "z", "value": 1}]}  # fmt: skip
st.echarts_chart({"series": [flow]}, key="sankey")
st.echarts_chart({"xAxis": {"data": list("abc")}, "yAxis": {}, "series": [{"type": "bar", "data": [1, 3, 2]}]}, key="e")
st.bar_chart(frame, x="name", y="value")
st.dataframe(frame)
st.data_editor(frame)
st.file_uploader("File")
st.download_button("Download", lambda: b"a", "a.csv", on_click="ignore")
