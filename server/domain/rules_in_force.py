"""Which version of the community's rules holds at a moment."""

from collections.abc import Sequence

from server.contract.rules import Policy
from server.domain.facts import Rules

DEFAULT = Rules(holds_from=0, shared=Policy())
"""domain.md §6, where a community has set nothing."""


def rules_at(rules: Sequence[Rules], at: int) -> Rules:
    """The latest rules that hold at a moment; before the first, the first; with none, the defaults."""
    if len(rules) < 2:  # as in most communities, and asked for every tap
        return rules[0] if rules else DEFAULT
    held = [version for version in rules if version.holds_from <= at]
    return max(held, key=_age) if held else min(rules, key=_age)


def _age(rules: Rules) -> tuple[int, int]:
    return rules.holds_from, rules.shared.version
