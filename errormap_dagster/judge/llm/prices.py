"""What a call costs: the prices of the settings, else the shipped ones, else nobody knows."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from errormap_dagster.judge_settings import Price

_FILE = Path(__file__).with_name("prices.yaml")
_PER = 1_000_000


@cache
def shipped_prices() -> Mapping[str, Price]:
    """The prices that travel with the package, by model; ``prices.yaml`` says of which month."""
    document = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {model: Price(**price) for model, price in document["prices"].items()}


def price_of(model: str, own: Mapping[str, Price]) -> Price | None:
    """The price of a model, the user's first; None when it is not known."""
    return own.get(model) or shipped_prices().get(model)


def batch_price_of(model: str, own: Mapping[str, Price]) -> Price | None:
    """The price of a model's calls by batch, in the same form; None when it is not known."""
    price = price_of(model, own)
    if price is None or price.batch_input is None or price.batch_output is None:
        return None
    cached = price.batch_cached_input
    return Price(input=price.batch_input, cached_input=cached, output=price.batch_output)


def cost_usd(
    price: Price | None, prompt_tokens: int | None, cached: int | None, completion: int | None
) -> float | None:
    """What tokens cost in US dollars; None when the price or the tokens are not known.

    Args:
        price: of the model.
        prompt_tokens: all tokens of the prompt.
        cached: the part of them that the provider still had.
        completion: tokens of the reply.
    """
    if price is None or prompt_tokens is None or completion is None:
        return None
    held = min(cached or 0, prompt_tokens)
    cached_price = price.input if price.cached_input is None else price.cached_input
    spent = (prompt_tokens - held) * price.input + held * cached_price + completion * price.output
    return spent / _PER
