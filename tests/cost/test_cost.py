"""docs/cost.md and docs/performance.md say what follows from prices and counted calls."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.cost import Usage, dollars, read_prices
from infra.functions import FUNCTIONS
from tests.cost.page import PAGES, make_tables, with_tables
from tests.cost.stacks import StackMaker
from tests.cost.usage import counted, size_of
from tests.stack import Stack


@pytest.fixture
def new_stack(aws: None, keys: dict[str, str]) -> Iterator[StackMaker]:
    maker = StackMaker(keys)
    yield maker
    maker.delete_all()


def test_pages_have_the_figures_that_follow_from_prices_and_calls(new_stack: StackMaker) -> None:
    tables = make_tables(new_stack)
    for page in PAGES:
        written = page.read_text()
        assert written == with_tables(written, tables), "run: python -m tests.cost"


def test_a_consistent_read_of_little_is_one_unit(stack: Stack) -> None:
    with counted(stack) as usage:
        stack.desk("staff").store.database.find(stack.table("PagesTable"), {"page_id": "x"})
    assert usage == {"dynamodb_read_units": 1.0}


@pytest.mark.parametrize(
    ("item", "size"),
    [({"ab": {"S": "xyz"}}, 2 + 3), ({"n": {"N": "12"}}, 1 + 8), ({"b": {"B": b"123"}}, 1 + 3)],
)
def test_size_is_names_and_values(item: dict[str, Any], size: int) -> None:
    assert size_of(item) == size


def test_dollars_are_per_million_and_per_gigabyte() -> None:
    prices = {"million": {"mails": 100.0}, "gigabyte": {"logs": 0.5}}
    assert dollars(Usage({"mails": 1_000_000, "logs": 2**30}), prices) == {"mails": 100.0, "logs": 0.5}


def test_every_function_has_a_time() -> None:
    assert set(read_prices()["milliseconds"]) == {function.name for function in FUNCTIONS}
