"""What a company may argue about: every threshold, read from a TOML file and checked before it is used."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import tomllib
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kam_core.errors import KamError

DEFAULT_PATH = Path(__file__).resolve().parent.parent / "data" / "policy.toml"


def _between(default: Any, low: float, high: float) -> Any:
    return field(default=default, metadata={"low": low, "high": high})


def _one_of(default: str, *choices: str) -> Any:
    return field(default=default, metadata={"choices": choices})


@dataclass(frozen=True)
class Company:
    name: str = "Company"
    currency: str = "CNY"
    fiscal_year_start: int = _between(1, 1, 12)


@dataclass(frozen=True)
class Tiers:
    """ABC classes by cumulative share, and how slowly an account moves between them."""

    basis: str = _one_of("revenue", "revenue", "margin")
    a_below: float = _between(0.80, 0.05, 0.99)
    b_below: float = _between(0.95, 0.06, 1.0)
    new_months: int = _between(12, 0, 60)
    new_orders: int = _between(3, 0, 100)
    periods_to_move: int = _between(2, 1, 2)
    jump_points: float = _between(5.0, 0.0, 100.0)
    strategic_annual_revenue: float = _between(0.0, 0.0, 1e12)


@dataclass(frozen=True)
class Stage:
    name: str = ""
    probability: float = _between(0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Stages:
    open: tuple[Stage, ...] = (
        Stage("Lead", 0.05), Stage("Qualified", 0.20), Stage("Proposal", 0.45), Stage("Negotiation", 0.70),
    )
    won: tuple[str, ...] = ("Won",)
    lost: tuple[str, ...] = ("Lost",)


@dataclass(frozen=True)
class Lifecycle:
    new_months: int = _between(6, 1, 36)
    lost_months: int = _between(12, 1, 60)
    lost_gap_factor: float = _between(4.0, 1.0, 20.0)
    won_back_months: int = _between(12, 1, 36)


@dataclass(frozen=True)
class Service:
    """What one tier is promised."""

    visit_every_days: int = _between(90, 1, 3650)
    first_response_hours: float = _between(8.0, 0.1, 1000.0)
    resolution_hours: float = _between(72.0, 0.1, 10000.0)
    hours_per_month: float = _between(1.0, 0.0, 200.0)


@dataclass(frozen=True)
class ServiceLevels:
    S: Service = Service(30, 2, 24, 12.0)
    A: Service = Service(45, 4, 48, 5.0)
    B: Service = Service(90, 8, 72, 1.5)
    C: Service = Service(180, 24, 120, 0.4)
    N: Service = Service(60, 8, 72, 1.0)


@dataclass(frozen=True)
class Workload:
    """What one account manager can do."""

    hours_per_month: float = _between(120.0, 1.0, 400.0)


@dataclass(frozen=True)
class CostToServe:
    """Prices in the reporting currency; the late-payment rate is a share of the amount per year late."""

    visit: float = _between(500.0, 0.0, 1e6)
    call: float = _between(50.0, 0.0, 1e6)
    meeting: float = _between(500.0, 0.0, 1e6)
    care: float = _between(100.0, 0.0, 1e6)
    ticket: float = _between(800.0, 0.0, 1e6)
    order_line: float = _between(0.0, 0.0, 1e6)
    late_payment_rate: float = _between(0.06, 0.0, 1.0)


@dataclass(frozen=True)
class Profit:
    top_share: float = _between(0.20, 0.01, 1.0)
    minimum_margin: float = _between(0.05, -1.0, 1.0)


@dataclass(frozen=True)
class LifetimeValue:
    annual_discount: float = _between(0.10, 0.0, 1.0)
    horizon_months: int = _between(36, 12, 36)


@dataclass(frozen=True)
class Churn:
    horizon_days: int = _between(180, 30, 730)
    high: float = _between(0.60, 0.01, 0.99)
    medium: float = _between(0.30, 0.01, 0.99)


@dataclass(frozen=True)
class Score:
    """Weights of the key account score; they need not add up to one."""

    revenue: float = _between(0.30, 0.0, 100.0)
    frequency: float = _between(0.10, 0.0, 100.0)
    margin: float = _between(0.20, 0.0, 100.0)
    tenure: float = _between(0.10, 0.0, 100.0)
    potential: float = _between(0.15, 0.0, 100.0)
    strategic: float = _between(0.10, 0.0, 100.0)
    reference: float = _between(0.05, 0.0, 100.0)


@dataclass(frozen=True)
class Alerts:
    total_change: float = _between(0.01, 0.0, 1.0)
    account_share: float = _between(0.10, 0.0, 1.0)


@dataclass(frozen=True)
class Retention:
    """How many loads the warehouse can go back to."""

    keep_last: int = _between(10, 1, 1000)
    keep_monthly: bool = True


@dataclass(frozen=True)
class Audit:
    """How long it is kept who did what."""

    keep_days: int = _between(730, 30, 36500)


@dataclass(frozen=True)
class Policy:
    company: Company = Company()
    tiers: Tiers = Tiers()
    stages: Stages = Stages()
    lifecycle: Lifecycle = Lifecycle()
    service: ServiceLevels = ServiceLevels()
    workload: Workload = Workload()
    cost_to_serve: CostToServe = CostToServe()
    profit: Profit = Profit()
    lifetime_value: LifetimeValue = LifetimeValue()
    churn: Churn = Churn()
    score: Score = Score()
    alerts: Alerts = Alerts()
    retention: Retention = Retention()
    audit: Audit = Audit()

    @property
    def sha256(self) -> str:
        """The same for two policies that say the same, whatever their comments."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


def flat(policy: Policy) -> dict[str, float | str]:
    """Every single value under its dotted name ("cost_to_serve.visit"); true and false as 1 and 0; lists left out."""

    def leaves(values: dict[str, Any], prefix: str) -> dict[str, float | str]:
        found: dict[str, float | str] = {}
        for key, value in values.items():
            if isinstance(value, dict):
                found |= leaves(value, f"{prefix}{key}.")
            elif isinstance(value, (bool, int, float)):
                found[prefix + key] = float(value)
            elif isinstance(value, str):
                found[prefix + key] = value
        return found

    return leaves(dataclasses.asdict(policy), "")


class Source:
    """The text of a settings file, to name the line of what is wrong."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.lines = path, text.splitlines()

    def line_of(self, keys: tuple[str, ...]) -> int:
        section, wanted = ".".join(keys[:-1]), keys[-1]
        current = ""
        for number, line in enumerate(self.lines, 1):
            header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
            if header:
                current = header.group(1)
                if current == ".".join(keys):
                    return number
            elif current == section and re.match(rf"\s*[\"']?{re.escape(wanted)}[\"']?\s*=", line):
                return number
        return self.line_of(keys[:-1]) if len(keys) > 1 else 1

    def refuse(self, keys: tuple[str, ...], problem: str) -> typing.NoReturn:
        raise KamError(f"{self.path.name}, line {self.line_of(keys)}: {'.'.join(keys)} {problem}")


def load(path: Path | None = None) -> Policy:
    """Read and check a policy file; what it leaves out takes the default. Without a file all is default.

    Raises KamError naming file, line and key for text that is not TOML, unknown keys and impossible values.
    """
    policy: Policy
    policy, source = read(Policy, path or DEFAULT_PATH)
    _check_together(policy, source)
    return policy


def read(kind: type, path: Path) -> tuple[Any, Source]:
    """A TOML file as a dataclass of settings, each key and value checked against its fields; and its text."""
    text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise KamError(f"{path.name} is not valid TOML: {error}") from None
    source = Source(path, text)
    return _section(kind, values, (), source), source


def _section(kind: type, values: Any, keys: tuple[str, ...], source: Source) -> Any:
    if not isinstance(values, dict):
        source.refuse(keys, "must be a section")
    hints = typing.get_type_hints(kind)
    fields = {f.name: f for f in dataclasses.fields(kind)}
    for key in values:
        if key not in fields:
            source.refuse((*keys, key), f"is not a setting; known here: {', '.join(fields)}")
    given = {k: _value(hints[k], fields[k], v, (*keys, k), source) for k, v in values.items()}
    return kind(**given)


def _value(hint: Any, rule: dataclasses.Field[Any], value: Any, keys: tuple[str, ...], source: Source) -> Any:
    if dataclasses.is_dataclass(hint):
        return _section(typing.cast(type, hint), value, keys, source)
    if typing.get_origin(hint) is tuple:
        return _items(typing.get_args(hint)[0], value, keys, source)
    wanted = (int, float) if hint is float else (hint,)
    if not isinstance(value, wanted) or (isinstance(value, bool) and hint is not bool):
        source.refuse(keys, f"must be {_WORDS[hint]}, not {value!r}")
    if "choices" in rule.metadata and value not in rule.metadata["choices"]:
        source.refuse(keys, f"must be one of {', '.join(rule.metadata['choices'])}, not {value!r}")
    if "low" in rule.metadata and not rule.metadata["low"] <= value <= rule.metadata["high"]:
        source.refuse(keys, f"must lie between {rule.metadata['low']:g} and {rule.metadata['high']:g}, not {value}")
    return float(value) if hint is float else value


_WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


def _items(kind: type, value: Any, keys: tuple[str, ...], source: Source) -> tuple[Any, ...]:
    if not isinstance(value, list) or not value:
        source.refuse(keys, "must be a list with at least one entry")
    if dataclasses.is_dataclass(kind):
        return tuple(_section(kind, item, keys, source) for item in value)
    if not all(isinstance(item, kind) for item in value):
        source.refuse(keys, f"must list {_WORDS[kind]} only")
    return tuple(value)


def _check_together(policy: Policy, source: Source) -> None:
    if policy.tiers.b_below <= policy.tiers.a_below:
        source.refuse(("tiers", "b_below"), "must be above tiers.a_below")
    if policy.churn.high <= policy.churn.medium:
        source.refuse(("churn", "high"), "must be above churn.medium")
    if not re.fullmatch(r"[A-Z]{3}", policy.company.currency):
        source.refuse(("company", "currency"), "must be a three-letter code such as CNY, EUR or USD")
    stages = policy.stages
    names = [name.casefold() for name in (*(s.name for s in stages.open), *stages.won, *stages.lost)]
    if len(set(names)) < len(names) or "" in names:
        source.refuse(("stages", "open"), "must name each stage once")


def in_force(values: dict[str, float | str], stages: list[tuple[str, str, float]]) -> Policy:
    """The policy that a snapshot keeps, from its flat values and its stages (name, outcome, probability) in order."""

    def section(kind: type, prefix: str) -> Any:
        hints, given = typing.get_type_hints(kind), {}
        for rule in dataclasses.fields(kind):
            hint, key = hints[rule.name], prefix + rule.name
            if hint is Stages:
                given[rule.name] = _stages(stages)
            elif dataclasses.is_dataclass(hint):
                given[rule.name] = section(typing.cast(type, hint), key + ".")
            elif key in values:
                given[rule.name] = hint(values[key])
        return kind(**given)

    policy: Policy = section(Policy, "")
    return policy


def _stages(found: list[tuple[str, str, float]]) -> Stages:
    if not found:
        return Stages()
    named = {outcome: tuple(name for name, kind, _ in found if kind == outcome) for outcome in ("won", "lost")}
    return Stages(tuple(Stage(n, p) for n, kind, p in found if kind == "open"), named["won"], named["lost"])


def to_toml(policy: Policy) -> str:
    """A policy as a file that `load` reads back to the same."""
    return "\n".join(_written(dataclasses.asdict(policy), "")).lstrip("\n") + "\n"


def _written(values: dict[str, Any], section: str) -> list[str]:
    """A section's own lines first, as TOML wants them, then the sections inside it."""
    lines = [f"{key} = {_literal(value)}" for key, value in values.items() if not isinstance(value, dict)]
    if lines:
        lines = ["", f"[{section}]", *lines]
    for key, value in values.items():
        if isinstance(value, dict):
            lines += _written(value, f"{section}.{key}" if section else key)
    return lines


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(_literal(v) for v in value)}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_literal(v)}" for k, v in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
