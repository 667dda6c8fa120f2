"""What a campaign really drove: a run that did nothing must be visible."""

from __future__ import annotations

from collections import Counter, defaultdict


class Tally:
    """Counts by sort (`rule`, `fault`, `crash`) and name."""

    def __init__(self) -> None:
        self.counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def count(self, sort: str, name: str) -> None:
        """One more."""
        self.counts[sort][name] += 1

    def total(self, sort: str) -> int:
        """How many of a sort there were."""
        return self.counts[sort].total()

    def told(self) -> str:
        """All counts on a few lines."""
        lines = []
        for sort, counts in sorted(self.counts.items()):
            shown = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
            lines.append(f"  {sort} {counts.total()}: {shown}")
        return "\n".join(lines)
