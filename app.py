"""The dashboard: menu, then who is asking, then the sidebar, then the page. Run by `streamlit run app.py`."""

import streamlit as st

from kam_core.ui import shell

PAGES = {
    "home": {"overview": "pages/home/overview.py"},
    "portfolio": {
        "tiers": "pages/portfolio/tiers.py",
        "matrix": "pages/portfolio/matrix.py",
        "concentration": "pages/portfolio/concentration.py",
        "accounts": "pages/portfolio/accounts.py",
        "account": "pages/portfolio/account.py",
        "profit": "pages/portfolio/profit.py",
        "potential": "pages/portfolio/potential.py",
    },
    "retention": {
        "churn": "pages/retention/churn.py", "trust": "pages/retention/trust.py",
        "retention": "pages/retention/retention.py", "value": "pages/retention/value.py",
        "whatif": "pages/retention/whatif.py", "winback": "pages/retention/winback.py",
    },
    "pipeline": {
        "funnel": "pages/pipeline/funnel.py", "movement": "pages/pipeline/movement.py",
        "forecast": "pages/pipeline/forecast.py", "lifecycle": "pages/pipeline/lifecycle.py",
    },
    "people": {
        "managers": "pages/people/managers.py", "coverage": "pages/people/coverage.py",
        "handover": "pages/people/handover.py",
    },
    "data": {
        "upload": "pages/data/upload.py", "explore": "pages/data/explore.py", "status": "pages/data/status.py",
        "history": "pages/data/history.py", "audit": "pages/data/audit.py",
    },
}

shell.begin()
page = st.navigation(
    {
        shell.words(f"menu.{section}"): [shell.page(name, path) for name, path in pages.items()]
        for section, pages in PAGES.items()
    },
    position="hidden",
)
shell.run(page, PAGES)
