"""A figure of the bench: the median of many, and its spread."""

from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any


@dataclass(frozen=True)
class Figure:
    """`low` and `high` are the quartiles: half of all values lie between them."""

    median: float
    low: float
    high: float
    count: int

    def scaled(self, factor: float) -> "Figure":
        return Figure(self.median * factor, self.low * factor, self.high * factor, self.count)

    def to_json(self) -> dict[str, Any]:
        return {
            "median": round(self.median, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "count": self.count,
        }


def figure(values: list[float]) -> Figure:
    low, _, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    return Figure(median(values), low, high, len(values))


def ratio(values: list[float], to: list[float]) -> Figure:
    """Of values taken in turn with those that they are compared to: so that both saw the same machine."""
    return figure([value / other for value, other in zip(values, to, strict=True)])
