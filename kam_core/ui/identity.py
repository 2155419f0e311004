"""Who is at the other end: recognised at the start of each run, before a name or a figure is shown."""

from __future__ import annotations

import html
import logging
import math
import time
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import streamlit as st

from kam_core.access import identity, people, users
from kam_core.access.person import LOCAL, Person
from kam_core.access.users import Users
from kam_core.errors import KamError
from kam_core.serving import binding
from kam_core.text.i18n import join
from kam_core.text.sentence import own_script
from kam_core.ui import session, states
from kam_core.ui.session import words
from kam_core.warehouse.engine import Reader

LOG = logging.getLogger("kam")
AS = "_view_as"  # the address of the person as whom a steward looks
PLACE = ("lang", "_snapshot", "_turn")  # what a session keeps when somebody else sits down at it
STAYS = (*PLACE, "_workspace", "_upload", "_source", "_wants_upload", "_recorded", AS)  # … when it looks as another


def check_start() -> None:
    """KamError where the settings would let the server trust what it should not."""
    identity.check(
        settings(),
        is_local=binding.is_local(st.get_option("server.address")),
        headers=st.get_option("server.trustedUserHeaders") or {},
        has_provider=bool(st.secrets.load_if_toml_exists() and "auth" in st.secrets),
    )


def settings() -> Users:
    """The users file, read again when it has changed. KamError where it is wrong."""
    path = users.path()
    return _settings(str(path), path.stat().st_mtime_ns if path.exists() else 0)


@st.cache_resource(max_entries=4, show_spinner=False)
def _settings(path: str, changed: int) -> Users:
    return users.load(Path(path))


def admitted() -> bool:
    """Put the person who asks into the session; False where nobody may see anything, and a page has said why."""
    st.session_state.pop("_person", None)
    real = _recognised()
    if isinstance(real, Gate):
        _forget(keep=(*PLACE, "_recorded"))  # before anything is drawn: a widget's state must outlive the run it is in
        _show(real)
        return False
    who = _looked_as(real)
    _enter(real, who)
    if who.scope.arms == ():
        banner()
        _show(Gate("no_role", {"email": who.key}))
    return who.scope.arms != ()


@dataclass(frozen=True)
class Gate:
    """Why somebody may not see anything: the texts of sign_in that begin so, and what they are told."""

    state: str
    said: dict[str, str] = field(default_factory=dict)


def _recognised() -> Person | Gate:
    """The person behind this session, or why there is none."""
    try:
        check_start()
    except KamError as refusal:
        return Gate("refused", {"why": str(refusal)})
    if settings().mode == "single":
        return LOCAL
    signed = identity.signed_in(settings(), st.user.to_dict(), time.time(), _client_id())
    if signed.problem:
        return Gate(signed.problem, {"hours": f"{settings().sign_in.hours:g}"})
    found = _find(signed.email)
    if found is None:
        _record_once("sign_in_refused", signed.email, {"reason": "not known"})
        return Gate("unknown", {"email": signed.email})
    return found


def _client_id() -> str:
    """What the provider calls this application; "" without one."""
    if settings().mode != "oidc":
        return ""
    auth: Any = st.secrets["auth"]
    provider = settings().sign_in.provider
    return str((auth.get(provider, {}) if provider else auth).get("client_id", ""))


def _find(email: str) -> Person | None:
    version, loaded = session.company()
    return _found(version, settings(), email, date.today(), loaded)


@st.cache_data(max_entries=400, show_spinner=False, hash_funcs={Users: repr})
def _found(version: str, known: Users, email: str, today: date, _loaded: Reader | None) -> Person | None:
    return people.find(_loaded, known, email)


def _looked_as(real: Person) -> Person:
    """The person as whom a steward looks, else the person."""
    email = st.session_state.get(AS)
    found = _find(email) if email and real.may("view_as") else None
    return replace(found, acting_for=real.key) if found else real


def _enter(real: Person, who: Person) -> None:
    """A session that changes hands keeps nothing of what the one before looked at."""
    asked = (real.key, who.key)
    before = st.session_state.get("_asked")
    if before not in (None, asked):
        _forget(keep=STAYS if before[0] == real.key else PLACE)
    st.session_state["_asked"] = asked
    st.session_state["_person"], st.session_state["_until"] = who, _until()
    if real is not LOCAL:
        _record_once("sign_in", real.key, {"roles": list(real.roles)})


def _forget(keep: tuple[str, ...]) -> None:
    upload = session.workspace()
    if upload is not None and "_workspace" not in keep:
        upload.close()
    for key in [key for key in st.session_state if key not in keep]:
        del st.session_state[key]


def _until() -> float:
    """When the sign-in is over, in seconds since 1970; a single user's and a proxy's are not ours to end."""
    if settings().mode != "oidc":
        return math.inf
    began: Any = st.user["iat"]
    return float(began) + settings().sign_in.hours * 3600


def _record_once(action: str, key: str, what: dict[str, Any]) -> None:
    """A sign-in is one entry a session. Where the log cannot be written people come in all the same."""
    if st.session_state.get("_recorded") == (action, key):
        return
    st.session_state["_recorded"] = (action, key)
    try:
        session.state().record(key, action, what)
    except KamError:
        LOG.exception("%s of %s could not be recorded", action, key)


# --- what the sidebar and the top of every page say


def account() -> None:
    """Who is signed in, the way out, and for stewards the way to look as somebody else."""
    mode = settings().mode
    who = session.person()
    with st.container(key="account", gap="xxsmall"):
        if mode != "single":
            st.html(f'<div class="kam-who"><b>{html.escape(_name(who))}</b><br>{html.escape(_roles(who))}</div>')
            _sign_out()
        if who.may("view_as") and st.button(words("view_as.button"), type="tertiary", key="view_as"):
            states.dialog(words("view_as.title"), _choose)


def _sign_out() -> None:
    if settings().mode == "oidc":
        st.button(words("sign_in.out"), type="tertiary", key="sign_out", on_click=_leave)
    elif settings().sign_in.sign_out:
        target = html.escape(settings().sign_in.sign_out)
        st.html(f'<a class="kam-out" href="{target}" target="_self">{html.escape(words("sign_in.out"))}</a>')


def _leave() -> None:
    who = session.person()
    try:
        session.state().record(who.acting_for or who.key, "sign_out", {})
    except KamError:
        LOG.exception("the sign-out of %s could not be recorded", who.key)
    _forget(keep=("lang",))
    st.logout()


def _choose() -> None:
    """The dialog that begins a look as somebody else."""
    st.write(words("view_as.why"))
    known = dict(people.everybody(session.company()[1], settings()))
    st.selectbox(
        words("view_as.who"), known, index=None, key="_view_as_choice", filter_mode="contains",
        format_func=lambda email: f"{own_script(known[email] or email, session.lang())} · {email}",
    )  # fmt: skip
    chosen = st.session_state.get("_view_as_choice")
    if st.button(words("view_as.begin"), type="primary", key="view_as_begin", disabled=not chosen):
        session.record("view_as", {"as": chosen})  # what cannot be recorded is not begun
        st.session_state[AS] = chosen
        st.rerun()


def banner() -> None:
    """On top of every page while a steward looks as somebody else, with the way back."""
    who = session.person()
    if who.acting_for is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", wrap=False, key="acting"):
        said = words("view_as.banner", name=_name(who), roles=_roles(who) or words("view_as.nothing"))
        st.html(f'<div class="kam-acting" role="status">{html.escape(said)}</div>')
        st.button(words("view_as.end"), key="view_as_end", on_click=_back_to_oneself)


def _back_to_oneself() -> None:
    session.record("view_as_end", {"as": session.person().key})
    st.session_state.pop(AS, None)


def _name(who: Person) -> str:
    return own_script(who.name, session.lang()) if who.name else who.key


def _roles(who: Person) -> str:
    return join(session.lang(), [words(f"role.{role}") for role in who.roles])


# --- pages for those who may not see any other


def _show(gate: Gate) -> None:
    """One plain page: what is the matter, why, and the button that helps."""
    text = f"sign_in.{gate.state}"
    with st.container(key="gate"):
        st.html(f'<div class="kam-brand">{html.escape(words("app.name"))}</div>')
        st.title(words(f"{text}_title"), anchor=False)
        said = (words(f"{text}_why", **gate.said), words(f"{text}_do"))
        st.html("".join(f"<p>{html.escape(sentence)}</p>" for sentence in said))
        if gate.state != "refused" and settings().mode == "oidc" and AS not in st.session_state:
            _way_on(gate.state)


def _way_on(state: str) -> None:
    if state in ("signed_out", "expired"):
        st.button(words("sign_in.button"), type="primary", key="sign_in", on_click=_begin)
    else:
        st.button(words("sign_in.other"), key="sign_out", on_click=st.logout)


def _begin() -> None:
    st.login(settings().sign_in.provider or None)
