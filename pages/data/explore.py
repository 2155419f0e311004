"""What is in this file? Any table that was uploaded: charts that suggest themselves, pivots, rows, SQL, recipes."""

import streamlit as st

from kam_core.ui import explore, explore_ask, explore_recipe, explore_sql, explore_tables, session
from kam_core.ui.explore_state import look

session.view()
found = explore.exploring()
explore.title(found)
if found is None:
    explore.nothing()
    st.stop()
explore.bar(found)
if look() == "rows":
    explore_tables.rows(found)
elif look() == "sql":
    explore_sql.box(found)
elif look() == "recipe":
    explore_recipe.page(found)
else:
    left, right = st.columns([3.4, 1], gap="xsmall")
    with left:
        explore_ask.chart(found)
    with right:
        explore_ask.suggestions(found)
    explore_tables.columns(found)
