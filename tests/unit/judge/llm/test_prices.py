"""What a call costs."""

import pytest

from errormap_dagster.judge.llm.prices import batch_price_of, cost_usd, price_of, shipped_prices
from errormap_dagster.judge_settings import Price

PRICE = Price(input=2.0, cached_input=0.5, output=10.0)


@pytest.mark.parametrize(
    ("price", "prompt", "cached", "completion", "cost"),
    [
        pytest.param(PRICE, 1_000_000, None, 0, 2.0, id="input"),
        pytest.param(PRICE, 1_000_000, 1_000_000, 0, 0.5, id="cached input"),
        pytest.param(PRICE, 1_000_000, 400_000, 100_000, 2.4, id="all kinds"),
        pytest.param(PRICE, 100, 1_000_000, 0, 0.00005, id="more cached than sent"),
        pytest.param(Price(input=2, output=1), 1_000_000, 500_000, 0, 2.0, id="no cached price"),
        pytest.param(Price(input=0, output=0), 5, 5, 5, 0.0, id="free"),
        pytest.param(None, 5, 5, 5, None, id="no price"),
        pytest.param(PRICE, None, None, 5, None, id="no prompt tokens"),
        pytest.param(PRICE, 5, None, None, None, id="no completion tokens"),
    ],
)
def test_a_call_costs_what_its_tokens_cost(
    price: Price | None,
    prompt: int | None,
    cached: int | None,
    completion: int | None,
    cost: float | None,
) -> None:
    assert cost_usd(price, prompt, cached, completion) == (
        None if cost is None else pytest.approx(cost)
    )


def test_the_users_price_goes_before_the_shipped_one_even_when_it_is_free() -> None:
    free = Price(input=0, output=0)
    assert price_of("gpt-4o", {"gpt-4o": free}) == free
    assert price_of("gpt-4o", {}) == shipped_prices()["gpt-4o"]


def test_the_price_of_an_unknown_model_is_not_guessed() -> None:
    assert price_of("gpt-4o-of-someone-else", {"other": PRICE}) is None


def test_no_shipped_model_asks_more_for_what_is_cached() -> None:
    for price in shipped_prices().values():
        assert price.cached_input is not None
        assert 0 < price.cached_input < price.input < price.output


def test_the_price_by_batch_is_not_guessed_from_the_ordinary_one() -> None:
    by_batch = Price(input=2, output=8, batch_input=1, batch_cached_input=0.5, batch_output=4)
    assert batch_price_of("m", {"m": by_batch}) == Price(input=1, cached_input=0.5, output=4)
    for half_known in ({}, {"batch_input": 1.0}, {"batch_output": 4.0}):
        assert batch_price_of("m", {"m": Price(input=2, output=8, **half_known)}) is None
    assert batch_price_of("gpt-4o-of-someone-else", {}) is None


def test_every_shipped_model_costs_half_by_batch() -> None:
    for model, price in shipped_prices().items():
        by_batch = batch_price_of(model, {})
        assert by_batch is not None
        assert by_batch.input == pytest.approx(price.input / 2)
        assert by_batch.output == pytest.approx(price.output / 2)
