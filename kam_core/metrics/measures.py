"""Every figure, once: what it is made of, over which days, and which direction is good.

Labels and definitions in both languages live in kam_core/text under `measure.<key>`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One figure as an SQL aggregate.

    `expression` aggregates the columns of its source: those of mart.account_month (`revenue`, `cost`, …) for sales,
    `target` for targets, one row a deal (`outcome`, `amount`, `chance`, `cycle_days`) for opportunities: those open on
    the stretch's last day and those closed in it; `<column>_before` is the same column one year earlier.
    `per` first sums to that column (one row an account, one a group), for figures that count or compare accounts.
    `span`: "period" takes the view's days; "trailing" the 12 months up to their end, with the 12 before as `_before`.
    `needs` names the column of mart.facts that must hold rows or be true, or nothing can be said.
    """

    key: str
    unit: str  # money, count, percent, index, days, ratio
    direction: str  # up, down, none: which way is good
    expression: str
    source: str = "sales"  # sales, targets, opportunities, account_risk (as of the last day loaded); two together:
    # attainment (sales, targets), coverage (opportunities, targets)
    per: str = ""  # "", account_id, group_id
    span: str = "period"
    compares: bool = False  # uses `_before` columns over the period
    needs: str = "orders"
    empty_is_zero: bool = False  # a stretch without orders has 0 of it, not "unknown"


_LIST = (
    Measure("revenue", "money", "up", "sum(revenue)", empty_is_zero=True),
    Measure("orders", "count", "up", "cast(sum(orders) as bigint)", empty_is_zero=True),
    Measure("active_accounts", "count", "up", "count(*) filter (where revenue > 0)", per="account_id",
            empty_is_zero=True),
    Measure("average_order_value", "money", "up", "sum(revenue) / nullif(sum(orders), 0)"),
    Measure("quantity", "count", "up", "sum(quantity)", empty_is_zero=True),
    Measure("margin", "money", "up", "case when sum(costed_revenue) <> 0 then sum(costed_revenue) - sum(cost) end",
            needs="has_cost"),
    Measure("gross_margin", "percent", "up", "(sum(costed_revenue) - sum(cost)) / nullif(sum(costed_revenue), 0)",
            needs="has_cost"),
    Measure("cost_coverage", "percent", "up", "sum(costed_revenue) / nullif(sum(revenue), 0)", needs="has_cost"),
    Measure("discount_rate", "percent", "down", "1 - sum(listed_revenue) / nullif(sum(list_amount), 0)",
            needs="has_list_amount"),
    Measure("return_rate", "percent", "down", "sum(returns) / nullif(sum(gross_sales), 0)"),
    Measure("key_account_share", "percent", "none",
            "coalesce(sum(revenue) filter (where tier in ('S', 'A')), 0) / nullif(sum(revenue), 0)"),
    Measure("growth", "percent", "up",
            "(sum(revenue) - sum(revenue_before)) / nullif(greatest(sum(revenue_before), 0), 0)",
            compares=True),
    Measure("nrr", "percent", "up",
            "sum(revenue) filter (where revenue_before > 0)"
            " / nullif(sum(revenue_before) filter (where revenue_before > 0), 0)",
            per="account_id", span="trailing"),
    Measure("grr", "percent", "up",
            "sum(least(greatest(revenue, 0), revenue_before)) filter (where revenue_before > 0)"
            " / nullif(sum(revenue_before) filter (where revenue_before > 0), 0)",
            per="account_id", span="trailing"),
    Measure("logo_churn", "percent", "down",
            "count(*) filter (where revenue_before > 0 and revenue <= 0)"
            " / nullif(count(*) filter (where revenue_before > 0), 0)",
            per="account_id", span="trailing"),
    Measure("hhi", "index", "down",
            "10000 * sum(pow(greatest(revenue, 0), 2)) / nullif(pow(sum(greatest(revenue, 0)), 2), 0)", per="group_id"),
    Measure("value_at_risk", "money", "down", "sum(value_at_risk)", source="account_risk"),
    Measure("pipeline_amount", "money", "up", "sum(amount) filter (where outcome = 'open')", source="opportunities",
            needs="opportunities"),
    Measure("weighted_pipeline", "money", "up", "sum(amount * chance) filter (where outcome = 'open')",
            source="opportunities", needs="opportunities"),
    Measure("open_deals", "count", "none", "count(*) filter (where outcome = 'open')", source="opportunities",
            needs="opportunities", empty_is_zero=True),
    Measure("won_amount", "money", "up", "sum(amount) filter (where outcome = 'won')", source="opportunities",
            needs="opportunities"),
    Measure("win_rate", "percent", "up",
            "count(*) filter (where outcome = 'won') / nullif(count(*) filter (where outcome in ('won', 'lost')), 0)",
            source="opportunities", needs="opportunities"),
    Measure("win_rate_amount", "percent", "up",
            "coalesce(sum(amount) filter (where outcome = 'won'), 0)"
            " / nullif(sum(amount) filter (where outcome in ('won', 'lost')), 0)",
            source="opportunities", needs="opportunities"),
    Measure("sales_cycle_days", "days", "down", "sum(cycle_days) / nullif(count(cycle_days), 0)",
            source="opportunities", needs="opportunities"),
    Measure("coverage", "ratio", "up", "closing / (target - won)", source="coverage", needs="targets"),
    Measure("target", "money", "none", "sum(target)", source="targets", needs="targets"),
    Measure("attainment", "percent", "up", "revenue / target",
            source="attainment", needs="targets"),
)

MEASURES: dict[str, Measure] = {m.key: m for m in _LIST}
