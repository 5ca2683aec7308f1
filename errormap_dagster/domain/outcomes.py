"""The state of every prediction as arrays, so that many pairs of models can be compared fast.

A prediction is correct, or its state is the category of its error at depth 1, or the outcome of a
failure without one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

CORRECT = "correct"
"""The state of a prediction that did not fail; its number is 0."""
NOT_SAMPLED = "not_sampled"
"""The state of a failure that no judge read."""
ANY_FAILURE = "any"
"""The value of ``category_id`` in rows of all failures together."""
_TRY = ["example_id", "trial"]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The predictions of all models on one dataset.

    Attributes:
        dataset: its name.
        models: names, sorted; the rows of the matrices.
        states: names, the same for all datasets; "correct" first.
        state: place in ``states``, shape (models, tries); -1 where there is no prediction.
        weight: failures that a prediction stands for, shape (models, tries); 1 when correct.
        example: number of the example of each try, shape (tries,); trials share it.
    """

    dataset: str
    models: Sequence[str]
    states: Sequence[str]
    state: np.ndarray
    weight: np.ndarray
    example: np.ndarray

    @property
    def failure_states(self) -> list[tuple[int, str]]:
        """Number and name of each state of a failure that was read, of those that occur."""
        present: list[int] = np.unique(self.state[self.state > 0]).tolist()
        return [(n, self.states[n]) for n in present if self.states[n] != NOT_SAMPLED]


def outcomes_by_dataset(predictions: pl.DataFrame) -> list[Outcomes]:
    """The outcomes of each dataset, sorted by its name.

    Args:
        predictions: one row per prediction: dataset, model, example_id, trial, state and
            sampling_weight.
    """
    states = [CORRECT, *sorted(set(predictions["state"]) - {CORRECT})]
    numbers = {state: number for number, state in enumerate(states)}
    numbered = predictions.with_columns(
        pl.col("state").replace_strict(numbers, return_dtype=pl.Int64)
    ).sort("dataset", "model", *_TRY)
    by_dataset = numbered.partition_by("dataset", as_dict=True, maintain_order=True)
    return [_outcomes(str(name[0]), rows, states) for name, rows in by_dataset.items()]


def _outcomes(dataset: str, rows: pl.DataFrame, states: list[str]) -> Outcomes:
    models = sorted(set(rows["model"]))
    place = {name: number for number, name in enumerate(models)}
    tries = rows.select(_TRY).unique().sort(_TRY).with_row_index("try")
    placed = rows.join(tries, on=_TRY, maintain_order="left").select(
        "try", "state", "sampling_weight", pl.col("model").replace_strict(place)
    )
    shape = (len(models), tries.height)
    state, weight = np.full(shape, -1, np.int64), np.ones(shape)
    at = (placed["model"].to_numpy(), placed["try"].to_numpy())
    state[at] = placed["state"].to_numpy()
    weight[at] = placed["sampling_weight"].to_numpy()
    example = (tries["example_id"].rank("dense") - 1).cast(pl.Int64).to_numpy()
    return Outcomes(dataset, models, states, state, weight, example)
