"""The common table expressions that every query stands on: the marts' names, holding only what the asker may see.

The marts' own schema is off the search path, so a query that forgets its prelude fails instead of leaking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from kam_core.metrics.allowed import Allowed
from kam_core.metrics.facts import Facts
from kam_core.view import NONE, Calendar, Span, View, add_months, month_start, year_before

PARTS = Path(__file__).parent / "sql" / "parts"
ATTRIBUTES = "a.name, a.region, a.industry, a.tier, a.segment, a.group_id, a.group_name, a.manager_id as holder_id"
OF_ACCOUNTS = ("activities", "tickets", "contracts", "contacts", "assignments")  # loaded tables, one account a row


def _tier_day(asked: str) -> str:
    """The last day on or before `asked` for which tiers were worked out: a month end, or the last day loaded."""
    return (
        f"case when {asked} >= f.as_of then f.as_of when last_day({asked}) = {asked} then {asked}"
        f" else cast(date_trunc('month', {asked}) as date) - 1 end"
    )


# Each account's tier on the tier days of $since and $until, settings of the reports that name it.
_MOVES = f"""
select
    *,
    case
        when from_tier is null then 'entered'
        when to_tier is null then 'left'
        when from_tier = to_tier then 'stayed'
        when from_tier = 'N' or to_tier = 'N' then 'classed'
        when position(to_tier in 'SABC') < position(from_tier in 'SABC') then 'rose'
        else 'fell'
    end as movement
from (
    select
        d.since, d.until, t.account_id,
        max(t.tier) filter (where t.as_of = d.since) as from_tier,
        max(t.tier) filter (where t.as_of = d.until) as to_tier,
        coalesce(max(t.revenue) filter (where t.as_of = d.since), 0) as revenue_before,
        coalesce(max(t.revenue) filter (where t.as_of = d.until), 0) as revenue
    from (
        select {_tier_day("asked.since")} as since, {_tier_day("asked.until")} as until
        from facts as f cross join (
            select
                coalesce(try_cast($since as date), cast(cast($as_of as date) - interval 12 months as date)) as since,
                coalesce(try_cast($until as date), cast($as_of as date)) as until
        ) as asked
    ) as d
    inner join account_history as t on t.as_of in (d.since, d.until)
    group by d.since, d.until, t.account_id
)
"""

# The days up to which retention is known, each with the day that ends the year before.
_RETENTION_PAIRS = """
select
    as_of as day,
    case
        when as_of = last_day(as_of) then last_day(as_of - interval 12 months)
        else cast(as_of - interval 12 months as date)
    end as before_day
from (select distinct as_of from account_trailing where as_of <= $as_of) as known
"""


@dataclass(frozen=True)
class Bucket:
    """A labelled stretch of days, and the one it is compared with (`before`), if any."""

    label: str
    span: Span
    before: Span | None = None


@dataclass
class Query:
    """SQL text being put together with the values bound to it."""

    view: View
    facts: Facts
    by_line: bool = False  # from the mart that also tells product lines and partners apart
    portfolio: bool = False  # accounts held today, instead of orders credited
    trailing: bool = False  # every stretch is 12 months long
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def allowed(self) -> Allowed:
        return Allowed(self.view.scope)

    @property
    def calendar(self) -> Calendar:
        return self.facts.calendar(self.view)

    def with_prelude(self, body: str, buckets: Iterable[Bucket] = ()) -> tuple[str, dict[str, Any]]:
        """`body` behind the expressions that it names, and exactly the values that the whole text binds."""
        buckets = list(buckets)
        texts = self._expressions(buckets)
        joined = ",\n".join(f"{name} as (\n{texts[name]}\n)" for name in _needed(body, texts))
        own = re.match(r"(\s*--[^\n]*\n)*\s*with\s+(recursive\s+)?", body)
        recursive = "recursive " if own and own.group(2) else ""
        body = f"with {recursive}{joined},\n{body[own.end():]}" if own else f"with {joined}\n{body}"
        bound = set(re.findall(r"\$([a-z0-9_]+)", body))
        return body, {k: v for k, v in self.params.items() if k in bound}

    def _expressions(self, buckets: list[Bucket]) -> dict[str, str]:
        self._bind_days("sales", buckets)
        self._bind_windows()
        self.params |= self.view.scope.condition()[1]
        return {
            "facts": "select * from mart.facts",
            "permitted": self.allowed.accounts(),
            "managers": self.allowed.managers(),
            "partners": self.allowed.partners(),
            "files": "select source_id, max(name) as name from meta.files group by source_id",
            "members": self._members(),
            "accounts": self._groups() if self.view.roll_up else self._accounts(),
            "account_history": self._history(),
            "account_trailing": self._trailing(),
            "account_year": part("account_year"),
            "account_moves": _MOVES,
            "retention_pairs": _RETENTION_PAIRS,
            "policy": "select * from mart.policy",
            "account_rank": (
                "select r.* from mart.account_rank as r inner join accounts as a on a.account_id = r.account_id"
            ),
            "account_month": self._account_month("account_month"),
            "account_month_line": self._account_month("account_month_line"),
            "account_part": self._account_month("account_part"),
            "account_part_line": self._account_month("account_part_line"),
            "order_lines": self._order_lines("core.orders"),
            "lines_by_account": self._order_lines("mart.line_by_account"),
            **{table: self._of_accounts(table) for table in OF_ACCOUNTS},
            "stages": "select * from mart.stage",
            "opportunities": self._opportunities(),
            "deal_rows": self._deals_in("mart.deal", "x.* exclude (manager_id)"),
            **{f"{table}s": self._of_deals(table) for table in ("deal_state", "deal_step")},
            "stage_chances": "select * from mart.stage_chance",
            "forecast_fares": "select * from mart.forecast_fare",
            "forecast_grades": self.allowed.grades(),
            "deals": part("deals"),
            "deal_moves": part("deal_moves"),
            "stage_history": (
                "select h.* exclude (source_id, source_line) from raw.stage_history as h"
                " where h.opportunity_id in (select opportunity_id from opportunities)"
            ),
            "targets": self._targets(),
            "sales_days": _days("sales"),
            "sales": self._sales(buckets),
            "revenue_causes": part("revenue_causes"),
            **{table: self._scored(table) for table in ("account_risk", "account_reason", "backtest_account")},
            **{table: f"select * from mart.{table}" for table in ("model_fit", "backtest_score", "return_chance")},
            "model_segments": self.allowed.segments(),
            "account_service_month": self._account_service("month"),
            "account_service_part": self._account_service("part"),
            "service": self._service(),
            "account_profit": part("account_profit"),
            "account_lives": (
                "select l.* from mart.account_life as l inner join accounts as a on a.account_id = l.account_id"
            ),
            "lives": part("lives"),
            "contact_record": "select min(date) as known_since from raw.activities",
            "last_contacts": self._last_contacts(),
            "account_care": part("account_care"),
            "ticket_service": part("ticket_service"),
            "portfolio": part("portfolio"),
        }

    def _bind_windows(self) -> None:
        self.params |= {f"policy_{key.replace('.', '_').lower()}": value for key, value in self.facts.policy.items()}
        span = self.view.period.span(self.calendar)
        before = year_before(span)
        trailing = trailing_year(span.end)
        whole = self.view.period.whole(self.calendar)
        self.params |= {
            "whole_start": whole.start, "whole_end": whole.end,
            "whole_before_start": add_months(whole.start, -12), "whole_before_end": add_months(whole.end, -12),
            "start": span.start, "end": span.end, "before_start": before.start, "before_end": before.end,
            "deal_day": self.calendar.as_of if self.calendar.as_of < self.facts.as_of else date.max,
            "directed_regions": self.view.scope.regions,
            "as_of": self.calendar.as_of, "tier_day": self.facts.tier_day(self.calendar), "none": NONE,
            "trailing_start": trailing.start, "trailing_before": add_months(trailing.start, -12),
            "targets_apply": all(name in ("region", "industry", "manager") for name, _ in self.view.filters.items()),
        }

    def _members(self) -> str:
        """Accounts that the filters keep, but for that on the tier, which groups have one of their own."""
        parts = ["true"]
        for name, chosen in self.view.filters.items():
            self.params[f"filter_{name}"] = list(chosen)
            if name in ("region", "industry", "segment"):
                parts.append(f"list_contains($filter_{name}, coalesce({name}, $none))")
            elif name == "account":
                parts.append("(list_contains($filter_account, account_id) or list_contains($filter_account, name))")
            elif name == "manager" and self.portfolio:
                parts.append(f"({_chosen('manager', 'manager_id')})")
        return f"select * from permitted where {' and '.join(parts)}"

    def _accounts(self) -> str:
        return (
            "select * from (select a.*, t.tier, t.value as tier_value, t.class from members as a"
            " left join mart.account_tier as t on t.account_id = a.account_id and t.as_of = $tier_day)"
            f" where {self._of_tier()}"
        )

    def _groups(self) -> str:
        """Groups in the place of accounts: what is in view of their accounts, with the parent's attributes."""
        return (
            "select * from (select g.*, t.tier, t.value as tier_value, t.class"
            f" from ({part('groups')}) as g inner join mart.account as o on o.account_id = g.account_id"
            " left join mart.group_tier as t on t.account_id = o.group_id and t.as_of = $tier_day)"
            f" where {self._of_tier()}"
        )

    def _of_tier(self) -> str:
        return "list_contains($filter_tier, coalesce(tier, $none))" if self.view.filters.tier else "true"

    def _star(self, alias: str, replaced: str = "") -> str:
        """All columns of a row of an account; where groups stand in their place, the row is the group's."""
        if not self.view.roll_up:
            return f"{alias}.*{replaced}"
        return f"{alias}.* exclude (account_id){replaced}, own.group_id as account_id"

    def _owner(self, alias: str) -> str:
        """The join of such a row with its account, or with its group."""
        if not self.view.roll_up:
            return f" inner join accounts as a on a.account_id = {alias}.account_id"
        return (
            f" inner join members as own on own.account_id = {alias}.account_id"
            " inner join accounts as a on a.account_id = own.group_id"
        )

    def _history(self) -> str:
        attributes = "a.region, a.industry, a.segment, a.manager_id as holder_id"
        if self.view.roll_up:
            return (
                f"select t.* replace (a.account_id as account_id), {attributes} from mart.group_tier as t"
                " inner join mart.account as o on o.group_id = t.account_id"
                " inner join accounts as a on a.account_id = o.account_id"
            )
        return (
            f"select t.*, {attributes} from mart.account_tier as t"
            " inner join accounts as a on a.account_id = t.account_id"
        )

    def _trailing(self) -> str:
        return f"select {self._star('t')}, {ATTRIBUTES} from mart.account_trailing as t{self._owner('t')}"

    def _row_filters(self, alias: str, lines: bool) -> str:
        """Filters on what a row itself says: who is credited, which line, which partner."""
        chosen = self.view.filters
        parts = []
        if chosen.manager and not self.portfolio:
            parts.append(f"({_chosen('manager', self.allowed.colleague(alias + '.manager_id'))})")
        if chosen.partner and lines:
            parts.append(f"({_chosen('partner', alias + '.partner_id')})")
        if chosen.product_line and lines:
            parts.append(f"list_contains($filter_product_line, coalesce({alias}.product_line, $none))")
        return "".join(f" and {p}" for p in parts)

    def _account_month(self, mart: str) -> str:
        return (
            f"select {self._star('m', self.allowed.credited('m'))}, {ATTRIBUTES} from mart.{mart} as m"
            f"{self._owner('m')} where true{self._row_filters('m', mart.endswith('_line'))}"
        )

    def _order_lines(self, table: str) -> str:
        return (
            f"select {self._star('o', self.allowed.credited('o'))}, {ATTRIBUTES} from {table} as o"
            f"{self._owner('o')} where true{self._row_filters('o', True)}"
        )

    def _scored(self, table: str) -> str:
        """What the build says of each account's future; nothing of its money before the models' day."""
        return (
            f"select {self._star('x')}, a.name, a.region, a.industry, a.tier, a.segment, a.group_id, a.manager_id,"
            f" a.manager_name from mart.{table} as x{self._owner('x')}"
        )

    def _of_accounts(self, table: str) -> str:
        return (
            f"select x.* exclude (source_id, source_line){self.allowed.loaded(table)},"
            " a.name as account_name, a.region, a.industry, a.tier,"
            f" a.segment, a.group_id, a.manager_id as holder_id from raw.{table} as x"
            " inner join accounts as a on a.account_id = x.account_id"
        )

    def _last_contacts(self) -> str:
        """Kept for the last day loaded, which most ask for; for an earlier one out of all contacts."""
        if self.calendar.as_of < self.facts.as_of:
            return part("last_contacts")
        return "select c.* from mart.last_contact as c inner join accounts as a on a.account_id = c.account_id"

    def _opportunities(self) -> str:
        return self._deals_in("raw.opportunities", "x.* exclude (source_id, source_line, manager_id)")

    def _of_deals(self, table: str) -> str:
        """How the deals in view stood day by day, or stage by stage."""
        attributes = "d.account_id, d.manager_id, d.product_line, d.partner_id, d.region, d.industry, d.tier, d.segment"
        return (
            f"select x.*, {attributes}, d.group_id from mart.{table} as x"
            " inner join deal_rows as d on d.opportunity_id = x.opportunity_id"
        )

    def _deals_in(self, table: str, columns: str) -> str:
        """Deals of the accounts in view; those without an account only where nothing narrows the accounts."""
        narrowed = {name for name, _ in self.view.filters.items()} - {"manager", "partner", "product_line"}
        whole = self.view.scope.arms is None and not narrowed
        parts = ["(a.account_id is not null" + (" or x.account_id is null)" if whole else ")")]
        deal = self.allowed.colleague("coalesce(x.manager_id, a.manager_id)")
        if self.view.filters.manager:
            parts.append(f"({_chosen('manager', deal)})")
        if self.view.filters.partner:
            parts.append(f"({_chosen('partner', 'x.partner_id')})")
        if self.view.filters.product_line:
            parts.append("list_contains($filter_product_line, coalesce(x.product_line, $none))")
        return (
            f"select {columns}, {deal} as manager_id, a.name as account_name,"
            " a.region, a.industry, a.tier, a.segment, a.group_id, a.manager_id as holder_id"
            f" from {table} as x left join accounts as a on a.account_id = x.account_id"
            f" where {' and '.join(parts)}"
        )

    def _targets(self) -> str:
        """Targets belong to managers, so only what a manager has can filter them."""
        chosen, parts = self.view.filters, [self.allowed.condition]
        for name in ("region", "industry"):
            if getattr(chosen, name):
                parts.append(f"list_contains($filter_{name}, coalesce({name}, $none))")
        if chosen.manager:
            parts.append("(list_contains($filter_manager, manager_id) or list_contains($filter_manager, name))")
        return (
            "select * from (select t.month, t.target, m.* from mart.target_month as t"
            " inner join mart.manager as m on m.manager_id = t.manager_id)"
            f" where {' and '.join(parts)}"
        )

    def _sales(self, buckets: list[Bucket]) -> str:
        """Whole months from the mart, the odd days at the ends of a stretch from the orders of just those days."""
        if "year" in self.params["sales_grain"]:
            return (
                "select d.bucket, d.side, s.* exclude (as_of) from account_trailing as s"
                " inner join sales_days as d on d.day = s.as_of"
            )
        line = "_line" if self._wants_lines() else ""
        grains = {grain: f"account_{grain}{line}" for grain in ("month", "part") if grain in self.params["sales_grain"]}
        texts = [
            f"select d.bucket, d.side, s.* exclude (lines, month) from {mart} as s"
            f" inner join sales_days as d on d.grain = '{grain}' and d.day = s.month"
            for grain, mart in (grains or {"month": f"account_month{line}"}).items()
        ]
        if "day" in self.params["sales_grain"]:
            texts.append(self._odd_days())
        return "\nunion all by name\n".join(texts)

    def _account_service(self, grain: str) -> str:
        return (
            f"select m.* from mart.account_service_{grain} as m"
            " inner join accounts as a on a.account_id = m.account_id"
        )

    def _service(self) -> str:
        """What serving accounts took over the days of `sales`, in pieces that carry no price."""
        texts = [
            f"select d.bucket, d.side, s.* exclude (month) from account_service_{grain} as s"
            f" inner join sales_days as d on d.grain = '{grain}' and d.day = s.month"
            for grain in ("month", "part")
        ]
        if "day" in self.params["sales_grain"]:
            texts.append(f"select * from ({part('service_days')})")
        return "\nunion all by name\n".join(texts)

    def _wants_lines(self) -> bool:
        return self.by_line or bool(self.view.filters.product_line or self.view.filters.partner)

    def _odd_days(self) -> str:
        line = "o.product_line, o.partner_id, " if self._wants_lines() else ""
        attributes = "o.name, o.region, o.industry, o.tier, o.segment, o.group_id, o.group_name, o.holder_id"
        return (
            f"select d.bucket, d.side, o.account_id, o.manager_id, {line}{attributes},"
            " sum(o.amount) as revenue, sum(greatest(o.amount, 0)) as gross_sales, -sum(least(o.amount, 0)) as returns,"
            " sum(case when o.cost is not null then o.amount else 0 end) as costed_revenue,"
            " sum(coalesce(o.cost, 0)) as cost,"
            " sum(case when o.list_amount is not null then o.amount else 0 end) as listed_revenue,"
            " sum(coalesce(o.list_amount, 0)) as list_amount, sum(coalesce(o.quantity, 0)) as quantity,"
            " count(distinct o.order_id) as orders"
            " from order_lines as o inner join sales_days as d on d.grain = 'day' and d.day = o.order_date"
            " where o.order_date >= $sales_from and o.order_date < $sales_until"
            f" group by d.bucket, d.side, o.account_id, o.manager_id, {line}{attributes}"
        )

    def _bind_days(self, name: str, buckets: list[Bucket]) -> None:
        sides = [(b.label, side, span) for b in buckets for side, span in _sides(b)]
        if self._is_summed_up([span for _, _, span in sides]):
            rows = [(label, side, "year", span.last, 1.0) for label, side, span in sides]
        else:
            rows = [(label, side, *piece) for label, side, span in sides for piece in _pieces(span, self.facts)]
        self.params[f"{name}_bucket"] = [r[0] for r in rows]
        self.params[f"{name}_side"] = [r[1] for r in rows]
        self.params[f"{name}_grain"] = [r[2] for r in rows]
        self.params[f"{name}_day"] = [r[3] for r in rows]
        self.params[f"{name}_share"] = [r[4] for r in rows]
        odd = [r[3] for r in rows if r[2] == "day"]
        self.params[f"{name}_from"] = min(odd, default=None)
        self.params[f"{name}_until"] = max(odd) + timedelta(days=1) if odd else None


    def _is_summed_up(self, spans: list[Span]) -> bool:
        """Whether each stretch is a year that mart.account_trailing holds."""
        return self.trailing and not self._wants_lines() and all(self.facts.has_trailing_year(s.last) for s in spans)


@cache
def part(name: str) -> str:
    """The text of an expression too long to stand here."""
    return (PARTS / f"{name}.sql").read_text("utf-8")


def trailing_year(end: date) -> Span:
    """The 12 months up to `end`."""
    return Span(add_months(end, -12), end)


def _chosen(name: str, column: str) -> str:
    """Rows whose `column` is among the chosen ids or names, or has none where that was chosen."""
    return (
        f"{column} in (select {name}_id from {name}s where list_contains($filter_{name}, {name}_id)"
        f" or list_contains($filter_{name}, name)) or ({column} is null and list_contains($filter_{name}, $none))"
    )


def _sides(bucket: Bucket) -> list[tuple[str, Span]]:
    return [("now", bucket.span)] + ([("before", bucket.before)] if bucket.before else [])


def _pieces(span: Span, facts: Facts) -> list[tuple[str, date, float]]:
    """A stretch as whole months, kept parts of months, and odd days.

    The running month is whole when all that is loaded of it lies inside.
    """
    pieces: list[tuple[str, date, float]] = []
    month = month_start(span.start)
    while month < span.end:
        following = add_months(month, 1)
        first, last = max(month, span.start), min(following, span.end)
        length = (following - month).days
        if first == month and (last == following or last > facts.last_day):
            pieces.append(("month", month, (last - first).days / length))
        elif facts.has_part(first, last):
            pieces.append(("part", first, (last - first).days / length))
        else:
            pieces += [("day", first + timedelta(days=n), 1 / length) for n in range((last - first).days)]
        month = following
    return pieces


def _days(name: str) -> str:
    return (
        f"select unnest(cast(${name}_bucket as varchar[])) as bucket, unnest(cast(${name}_side as varchar[])) as side,"
        f" unnest(cast(${name}_grain as varchar[])) as grain, unnest(cast(${name}_day as date[])) as day,"
        f" unnest(cast(${name}_share as double[])) as share"
    )


def _needed(body: str, texts: dict[str, str]) -> list[str]:
    """The names in `body`, with the names that their own texts use, in an order in which each follows what it uses."""
    found: set[str] = set()

    def visit(text: str) -> None:
        for name in _names(text) & texts.keys() - found:
            if name not in found:
                found.add(name)
                visit(texts[name])

    visit(body)
    return [name for name in texts if name in found]


@lru_cache(maxsize=1000)
def _names(text: str) -> frozenset[str]:
    """The words of an SQL text that may name a table: no columns of one, no bound values, no functions."""
    return frozenset(re.findall(r"(?<![.\w$])\w+\b(?!\s*\()", text))
