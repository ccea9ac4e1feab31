"""What it costs: prices (infra/prices.toml) times what an operation uses. Pure."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from infra.functions import FUNCTIONS

_FILE = Path(__file__).parent / "prices.toml"
_HOUSEKEEPING_A_MONTH = 12 * 24 * 30
_BYTES_OF_A_GIGABYTE = 2**30

# What one operation uses, by what it is charged by: the keys of [million] and [gigabyte] in prices.toml.
Usage = Counter[str]


def read_prices() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text())


def invocation(function: str, prices: dict[str, Any]) -> Usage:
    """One invocation of a function, by its name."""
    megabytes = next(f.megabytes for f in FUNCTIONS if f.name == function)
    milliseconds = prices["milliseconds"][function]
    return Usage({"lambda_requests": 1, "lambda_gb_seconds": megabytes / 1024 * milliseconds / 1000})


def dollars(usage: Usage, prices: dict[str, Any]) -> dict[str, float]:
    """What `usage` costs, by what it is charged by."""
    costs = {name: usage[name] * price / 1e6 for name, price in prices["million"].items()}
    costs |= {n: usage[n] * price / _BYTES_OF_A_GIGABYTE for n, price in prices["gigabyte"].items()}
    return {name: cost for name, cost in costs.items() if cost}


def idle_month(alarms: int, metrics: int, housekeeping: Usage, prices: dict[str, Any]) -> dict[str, float]:
    """What a month costs in which nobody comes; `housekeeping` is one run of it."""
    month = prices["month"]
    runs = Usage({name: number * _HOUSEKEEPING_A_MONTH for name, number in housekeeping.items()})
    return {
        "the encryption key": month["kms_key"],
        "alarms": alarms * month["alarm"],
        "metrics": metrics * month["metric"],
        "asking the mail queue": month["queue_polls"] * prices["million"]["sqs_requests"] / 1e6,
        "housekeeping, every 5 minutes": sum(dollars(runs, prices).values()),
    }
