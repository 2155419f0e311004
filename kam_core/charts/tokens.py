"""One look per meaning, in both themes: the same thing has the same colour on every page."""

from __future__ import annotations

from dataclasses import dataclass

TIERS = ("S", "A", "B", "C", "N")
INKS = ("#FFFFFF", "#1B2430")  # what is written on a colour, whatever the theme


@dataclass(frozen=True)
class Look:
    """The colours of one theme. Good is blue and bad orange: seen by all, and red means rise in China."""

    text: str
    muted: str
    line: str
    surface: str
    actual: str
    before: str
    target: str
    good: str
    bad: str
    good_text: str  # dark (or light) enough to be read as text
    bad_text: str
    tiers: tuple[str, ...]  # S … C in one hue, N grey
    risk: tuple[str, ...]  # high, medium, low in a second hue
    categories: tuple[str, ...]
    heat: tuple[str, ...]  # from bad over neutral to good, faint enough to be written on

    def tier(self, name: str | None) -> str:
        return self.tiers[TIERS.index(name)] if name in TIERS else self.line

    def on_tier(self, name: str | None) -> str:
        """The colour of text written on a tier's own."""
        return ink_on(self.tier(name))

    def category(self, name: str, names: list[str]) -> str:
        """The colour of a region or industry: its place among all names, so that a filter changes no colour."""
        return self.categories[names.index(name) % len(self.categories)]


LIGHT = Look(
    text="#1B2430",
    muted="#5B6775",
    line="#DFE4EA",
    surface="#FFFFFF",
    actual="#33475B",
    before="#A9B7C6",
    target="#1B2430",
    good="#1F6FB5",
    bad="#D9691E",
    good_text="#1B629F",
    bad_text="#B45309",
    tiers=("#0A4A52", "#1C7A82", "#5AABAF", "#A9D5D4", "#B9C1CA"),
    risk=("#7F1D4F", "#BC5F90", "#E3BDD0"),
    categories=(
        "#332288",
        "#DDAA33",
        "#117733",
        "#CC6677",
        "#88CCEE",
        "#882255",
        "#44AA99",
        "#999933",
        "#AA4499",
        "#6699CC",
        "#661100",
        "#8C96A3",
    ),
    heat=("#F3C9A5", "#F8E2D0", "#F6F7F9", "#D9E8F4", "#A9CCE8"),
)

DARK = Look(
    text="#E4E9EF",
    muted="#A3AFBC",
    line="#2E3843",
    surface="#12171E",
    actual="#C3CEDA",
    before="#5E6C7B",
    target="#E4E9EF",
    good="#5AA9E6",
    bad="#F0934A",
    good_text="#7CBBEF",
    bad_text="#F5A667",
    tiers=("#12666F", "#2A959C", "#6FBFC1", "#BCE3E0", "#66727F"),
    risk=("#A83A72", "#CC7BA6", "#E9C9DA"),
    categories=(
        "#9A8CF0",
        "#E6C35C",
        "#4FB477",
        "#E58A98",
        "#88CCEE",
        "#C97BA6",
        "#5FC9B8",
        "#C2C25A",
        "#D48AD0",
        "#8FB4DC",
        "#D98F6C",
        "#A3AFBC",
    ),
    heat=("#7A4420", "#46301F", "#1C232C", "#1F3B54", "#285F8E"),
)


def ink_on(colour: str) -> str:
    """White or near black for text on a colour: the one that stands out more."""
    return max(INKS, key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours "#RRGGBB" as WCAG measures it: 1 for the same, 21 for black on white."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def look(theme: str | None) -> Look:
    """The colours for "dark" or anything else (light)."""
    return DARK if theme == "dark" else LIGHT
