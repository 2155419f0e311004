"""Who somebody is and what that adds up to; what is wrong with a users file; where a server refuses to start."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kam_core.access import identity, users
from kam_core.access.people import everybody, find
from kam_core.access.person import LOCAL, RIGHTS, ROLES, Person
from kam_core.access.scope import Scope
from kam_core.access.users import Entry, Parent, SignIn, Users
from kam_core.errors import KamError
from kam_core.metrics import query, reports
from kam_core.view import Period, View
from tests.tiny import order

TOMORROW = (date.today() + timedelta(days=1)).isoformat()


@pytest.fixture(scope="module")
def reader(built):
    """Ann holds a; Bo directs the South, which holds Guangdong and Guangxi; Cy directs Energy; Di has left, Ed will."""
    return built(
        managers=[
            {"manager_id": "m1", "name": "Ann", "email": "ann@x.example", "region": "Guangdong"},
            {"manager_id": "m2", "name": "Bo", "email": "bo@x.example", "manager_of": "South"},
            {"manager_id": "m3", "name": "Cy", "email": "cy@x.example", "manager_of": "Energy"},
            {"manager_id": "m4", "name": "Di", "email": "di@x.example", "left_on": "2025-01-01"},
            {"manager_id": "m5", "name": "Ed", "email": "ed@x.example", "left_on": TOMORROW},
            {"manager_id": "m6", "name": "Fy"},
        ],
        accounts=[
            {"account_id": "acc-a", "name": "Alpha", "region": "Guangdong", "industry": "Energy", "manager_id": "m1"},
            {"account_id": "acc-b", "name": "Beta", "region": "Guangxi", "industry": "Retail", "manager_id": "m4"},
            {"account_id": "acc-c", "name": "Gamma", "region": "North", "industry": "Energy", "manager_id": "m5"},
            {"account_id": "acc-d", "name": "Delta", "region": "North", "industry": "Retail", "manager_id": "m6",
             "parent_account_id": "acc-c"},
            {"account_id": "acc-e", "name": "Epsilon", "region": "North", "industry": "Steel", "manager_id": "m6",
             "parent_account_id": "acc-c"},
        ],
        orders=[order("2025-03-01", f"acc-{a}", 100, manager_id="m5") for a in "abcde"],
        contacts=[{"contact_id": "k1", "account_id": "acc-a", "name": "王伟 Wei Wang", "birthday": "1980-01-01"}],
        assignments=[{"account_id": "acc-a", "manager_id": "m5", "from_on": "2024-01-01", "to_on": "2024-12-31"},
                     {"account_id": "acc-a", "manager_id": "m1", "from_on": "2025-01-01"}],
    )  # fmt: skip


FILE = Users(
    parents=(Parent("South", ("Guangdong", "Guangxi")),),
    people=(
        Entry("ceo@x.example", "Li Na", ("executive",)),
        Entry("desk@x.example", "", ("steward",)),
        Entry("ann@x.example", "", ("industry_director",), industries=("Retail",)),
        Entry("fy@x.example", "Fy", ("account_manager",), manager_id="m6"),
        Entry("gone@x.example", "", ("account_manager",), manager_id="m4"),
        Entry("di@x.example", "", ("executive",)),
    ),
)


def _accounts(reader, person: Person) -> set[str]:
    frame = reports.report(reader, View(scope=person.scope, period=Period("all")), "accounts")
    return {account.removeprefix("acc-") for account in frame["account_id"]}


@pytest.mark.parametrize(
    ("email", "roles", "accounts"),
    [
        ("ceo@x.example", ("executive",), "abcde"),
        ("DESK@x.example", ("steward",), "abcde"),
        ("ann@x.example", ("industry_director", "account_manager"), "abd"),  # a held, b and d in Retail: roles add up
        ("bo@x.example", ("regional_director", "account_manager"), "ab"),  # the parent's children
        ("cy@x.example", ("industry_director", "account_manager"), "ac"),
        ("ed@x.example", ("account_manager",), "c"),  # still here today
        ("fy@x.example", ("account_manager",), "de"),  # by number, as the table has no address
        ("gone@x.example", ("account_manager",), ""),  # by the number of one who has left
        ("di@x.example", (), ""),  # who has left sees nothing, whatever the file says
    ],
)
def test_roles_add_up_to_what_one_sees(reader, email, roles, accounts):
    person = find(reader, FILE, email)
    assert person is not None
    assert (person.roles, _accounts(reader, person)) == (roles, set(accounts))


def test_who_is_nowhere_is_nobody(reader):
    assert find(reader, FILE, "eve@x.example") is None
    assert find(reader, Users(managers_table=False), "ann@x.example") is None
    assert find(None, FILE, "ceo@x.example").roles == ("executive",)  # before anything is loaded
    assert find(None, FILE, "bo@x.example") is None


def test_everybody_who_could_come_in(reader):
    found = dict(everybody(reader, FILE))
    assert set(found) == {f"{n}@x.example" for n in ("ann", "bo", "ceo", "cy", "desk", "di", "ed", "fy", "gone")}
    assert (found["bo@x.example"], found["ceo@x.example"]) == ("Bo", "Li Na")


# --- what a scope leaves of names


def _seen(reader, person: Person, report: str) -> list[list[object]]:
    return reports.report(reader, View(scope=person.scope, period=Period("all")), report).astype(object).values.tolist()


def test_a_group_goes_by_its_first_account_in_the_scope(reader):
    """d and e belong to c, which Fy may not see: their group is d to Fy, c to who sees all."""
    seen = str(_seen(reader, find(reader, FILE, "fy@x.example"), "largest"))
    assert "Delta" in seen
    assert "Gamma" not in seen and "acc-c" not in seen
    assert "Gamma" in str(_seen(reader, find(reader, FILE, "ceo@x.example"), "largest"))


def test_colleagues_credited_or_earlier_holders_are_not_named(reader):
    """All orders are credited to m5, who held a before Ann did; Ann hears of neither, the executive of both."""
    ann = find(reader, Users(), "ann@x.example")
    assert [row[0] for row in _seen(reader, ann, "managers")] == ["m1"]
    assert {row[0] for row in _seen(reader, find(reader, FILE, "ceo@x.example"), "managers")} >= {"m1", "m5"}
    view = View(scope=ann.scope, period=Period("all")).keep(account="acc-a")
    held = reports.report(reader, view, "account").query("section == 'manager'")
    assert held["key"].fillna("-").tolist() == ["-", "m1"]
    theirs = View(scope=ann.scope, period=Period("all")).keep(manager="m5")
    assert query.measure(reader, theirs, ["revenue"])["revenue"].iloc[0] == 0  # nor can one ask by a name


def test_contacts_are_named_where_the_role_needs_them(reader):
    def name(email: str) -> str:
        view = View(scope=find(reader, FILE, email).scope, period=Period("all")).keep(account="acc-a")
        return str(reports.report(reader, view, "account").query("section == 'contact'")["name"].iloc[0])

    assert {e: name(f"{e}@x.example") for e in ("ann", "bo", "desk", "ceo")} == {
        "ann": "王伟 Wei Wang", "bo": "王伟 Wei Wang", "desk": "王伟 Wei Wang", "ceo": "王…"
    }  # fmt: skip


# --- rights


def test_rights_of_roles():
    def rights(*roles: str) -> set[str]:
        return {action for action in RIGHTS if Person("x", roles=roles).may(action)}

    assert rights() == set()
    assert rights("account_manager") == {"contacts", "export", "sql"}
    assert rights("executive") == {"history", "export", "sql"}
    assert rights("steward") == set(RIGHTS)
    assert rights("executive", "account_manager") == {"history", "contacts", "export", "sql"}
    assert all(LOCAL.may(action) for action in RIGHTS) and set(LOCAL.roles) == set(ROLES)


def test_who_looks_as_somebody_else_only_reads():
    steward = Person("x", roles=("steward",), scope=Scope.everything(), acting_for="y")
    assert {action for action in RIGHTS if steward.may(action)} == {"contacts", "history", "rows"}
    with pytest.raises(ValueError, match="no right is called 'fly'"):
        steward.may("fly")


# --- the file


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('mode = "sso"', "users.toml, line 1: mode must be one of single, oidc, proxy, not 'sso'"),
        ("\n[sign_in]\nhours = 0", "users.toml, line 3: sign_in.hours must lie between 0.05 and 720, not 0"),
        ('[[people]]\nroles = ["executive"]', r"users.toml: people: \(no email\) needs an email"),
        ('[[people]]\nemail = "a@b"\nroles = ["boss"]', "people: a@b has a role 'boss'; known are executive,"),
        ('[[people]]\nemail = "a@b"', "people: a@b needs roles, of executive,"),
        ('[[people]]\nemail = "a@b"\nroles = ["regional_director"]', r"people: a@b needs regions = \[...\]"),
        ('[[people]]\nemail = "a@b"\nroles = ["executive"]\nregions = ["E"]', "a@b has regions, which need the role"),
        ('[[people]]\nemail = "a@b"\nroles = ["steward"]\n' * 2, "people: a@b stands in it twice"),
        ('[[parents]]\nname = "South"', "parents: each needs a name and what it holds"),
        ("mode = ", "users.toml is not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_users_file(tmp_path, text, problem):
    (tmp_path / "users.toml").write_text(text, encoding="utf-8")
    with pytest.raises(KamError, match=problem):
        users.load(tmp_path / "users.toml")


def test_the_file_that_comes_with_the_product_is_a_single_user(monkeypatch):
    monkeypatch.delenv("KAM_USERS", raising=False)
    assert users.load() == Users()


def test_its_commented_examples_are_right(tmp_path):
    """All lines after the heading of roles, with their # taken off."""
    text = users.DEFAULT_PATH.read_text("utf-8")
    examples = [line.removeprefix("# ").removeprefix("#") for line in text.splitlines() if line.startswith("#")]
    start = examples.index("[[people]]")
    body = [line for line in examples[start:] if "=" in line or line.startswith("[")]
    (tmp_path / "users.toml").write_text("\n".join(body), encoding="utf-8")
    found = users.load(tmp_path / "users.toml")
    assert [p.roles[0] for p in found.people] == ["executive", "regional_director", "steward"]
    assert found.within("South") == ("South", "Guangdong", "Guangxi")


def test_a_file_that_is_named_must_be_there(monkeypatch, tmp_path):
    monkeypatch.setenv("KAM_USERS", str(tmp_path / "nowhere.toml"))
    with pytest.raises(KamError, match="which does not exist"):
        users.load()


# --- starting, and who a sign-in speaks of

PROXY, HEADER = Users(mode="proxy"), {"X-Forwarded-Email": "email"}


@pytest.mark.parametrize(
    ("known", "is_local", "headers", "has_provider", "refusal"),
    [
        (Users(), True, {}, False, ""),
        (Users(), False, {}, False, "everybody would see everything"),
        (Users(public_address=True), False, {}, False, ""),
        (Users(), True, HEADER, False, "which only mode = 'proxy'"),
        (Users(mode="oidc"), False, {}, True, ""),
        (Users(mode="oidc"), True, {}, False, "has no \\[auth\\]"),
        (Users(mode="oidc"), True, HEADER, True, "which only mode = 'proxy'"),
        (PROXY, True, HEADER, False, ""),
        (PROXY, True, {}, False, "no header of server.trustedUserHeaders gives 'email'"),
        (PROXY, False, HEADER, False, "whoever reaches the port can forge the header"),
        (Users(mode="proxy", public_address=True), False, HEADER, False, ""),
    ],
)
def test_where_a_server_refuses_to_start(known, is_local, headers, has_provider, refusal):
    if not refusal:
        identity.check(known, is_local, headers, has_provider)
        return
    with pytest.raises(KamError, match=refusal):
        identity.check(known, is_local, headers, has_provider)


NOW = 1_800_000_000.0
GOOD = {"is_logged_in": True, "email": "ann@x.example", "aud": "kam", "iat": NOW - 3600}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, ""),
        ({"aud": ["kam", "other"]}, ""),
        ({"email_verified": True}, ""),
        ({"is_logged_in": False}, "signed_out"),
        ({"is_logged_in": "yes"}, "signed_out"),
        ({"iat": NOW - 12 * 3600}, "expired"),
        ({"iat": NOW + 3600}, "expired"),  # a sign-in of the future
        ({"iat": None}, "expired"),
        ({"aud": "other"}, "no_address"),
        ({"aud": None}, "no_address"),
        ({"email_verified": False}, "no_address"),
        ({"email": ["ann@x.example"]}, "no_address"),
        ({"email": " "}, "no_address"),
    ],
)
def test_whom_the_claims_of_a_provider_name(change, problem):
    found = identity.signed_in(Users(mode="oidc"), GOOD | change, NOW, "kam")
    assert (found.email, found.problem) == ("" if problem else "ann@x.example", problem)


def test_without_a_known_client_nobody_is_let_in():
    assert identity.signed_in(Users(mode="oidc"), GOOD | {"aud": ""}, NOW, "").problem == "no_address"


def test_another_claim_may_carry_the_address():
    known = Users(mode="oidc", sign_in=SignIn(claim="upn", hours=2))
    claims = GOOD | {"upn": "bo@x.example"}
    assert identity.signed_in(known, claims, NOW, "kam").email == "bo@x.example"
    assert identity.signed_in(known, claims | {"iat": NOW - 3 * 3600}, NOW, "kam").problem == "expired"


def test_a_proxy_that_names_nobody():
    assert identity.signed_in(PROXY, {"email": "ann@x.example"}, NOW).email == "ann@x.example"
    assert identity.signed_in(PROXY, {}, NOW).problem == "not_told"
