"""Any table, understood without a data model: profile, questions, charts, pivots, SQL. No Streamlit, no writing."""
