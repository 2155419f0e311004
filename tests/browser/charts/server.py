"""The page of charts behind the same layers as the product."""

from pathlib import Path

import streamlit as st

from kam_core.serving.stack import stack

STATIC = Path(st.__file__).parent / "static"
app = st.App(Path(__file__).parent / "page.py", middleware=stack(["127.0.0.1"], STATIC))
