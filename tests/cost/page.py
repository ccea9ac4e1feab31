"""The tables of docs/cost.md, and the costs in docs/performance.md, made of prices and counted calls."""

import re
from collections.abc import Callable
from typing import Any

import yaml

from chalicelib.mail.housekeeping import find_ages
from infra.cost import Usage, dollars, idle_month, read_prices
from tests.cost.operations import OPERATIONS, REQUESTS, housekeeping
from tests.stack import ROOT, Stack

PAGES = (ROOT / "docs" / "cost.md", ROOT / "docs" / "performance.md")
_TABLE = re.compile(r"(<!-- (\w+): made by python -m tests.cost -->\n).*?(<!-- end -->)", re.DOTALL)
Operation = Callable[[Stack, dict[str, Any]], Usage]
_SHOWN = {
    "mails": "mail",
    "api_requests": "API Gateway",
    "dynamodb_write_units": "DynamoDB, writing",
    "dynamodb_read_units": "DynamoDB, reading",
    "lambda_gb_seconds": "Lambda, time",
    "lambda_requests": "Lambda, requests",
    "sqs_requests": "SQS",
    "logs": "logs",
    "egress": "transfer",
}


def make_tables(new_stack: Callable[[], Stack]) -> dict[str, str]:
    """Return the pages' tables by name; each operation is counted in a stack of its own."""
    prices = read_prices()
    # Those of filters, and the ages that housekeeping notes each time.
    metrics = _count("AWS::Logs::MetricFilter") + len(find_ages(new_stack().desk("housekeeping")))
    idle = idle_month(_count("AWS::CloudWatch::Alarm"), metrics, housekeeping(new_stack(), prices), prices)
    idle_rows = [f"| {what} | {cost:.2f} |" for what, cost in idle.items()]
    idle_total = f"| **in all** | **{sum(idle.values()):.2f}** |"
    return {
        "operations": _priced(OPERATIONS, new_stack, prices),
        "requests": _priced(REQUESTS, new_stack, prices),
        "idle": "\n".join(["| a month in which nobody comes | |", "|---|---|", *idle_rows, idle_total])
        + "\n",
    }


def _priced(operations: dict[str, Operation], new_stack: Callable[[], Stack], prices: dict[str, Any]) -> str:
    costs = [_costs(operation(new_stack(), prices), prices) for operation in operations.values()]
    rows = {label: [cost.get(key, 0.0) for cost in costs] for key, label in _SHOWN.items()}
    lines = [f"| a million of | {' | '.join(operations)} |", "|---" * (1 + len(operations)) + "|"]
    lines += [
        f"| {label} | {' | '.join(f'{cost:.2f}' for cost in row)} |"
        for label, row in rows.items()
        if any(row)
    ]
    totals = " | ".join(f"**{sum(cost.values()):.2f}**" for cost in costs)
    return "\n".join([*lines, f"| **in all** | {totals} |"]) + "\n"


def with_tables(page: str, tables: dict[str, str]) -> str:
    return _TABLE.sub(lambda found: f"{found[1]}{tables[found[2]]}{found[3]}", page)


def _costs(usage: Any, prices: dict[str, Any]) -> dict[str, float]:
    return {name: cost * 1e6 for name, cost in dollars(usage, prices).items()}


def _resources() -> list[dict[str, Any]]:
    files = sorted((ROOT / "infra").glob("*.yaml"))
    return [r for f in files for r in yaml.safe_load(f.read_text()).get("Resources", {}).values()]


def _count(kind: str) -> int:
    return len([resource for resource in _resources() if resource.get("Type") == kind])
