"""Which detectors the embedded analyst runs, and what each of their titles is meant for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from errormap_dagster.judge.embedded.detectors import (
    agent,
    answer_check,
    arithmetic,
    code,
    constraints,
    literals,
    multiple_choice,
    option_reasons,
    output_state,
    quantities,
    results,
    steps,
)
from errormap_dagster.judge.embedded.findings import Detector

WHOLE_OUTPUT_DETECTORS: Final[tuple[Detector, ...]] = (
    output_state.find_missing_attempt,
    answer_check.find_right_answer,
)
"""Asked first, in this order: without an attempt there is nothing else to read."""

DETECTORS: Final[tuple[Detector, ...]] = (
    literals.find_wrong_literal,
    constraints.find_violated_constraint,
    agent.find_agent_error,
    code.find_code_error,
    multiple_choice.find_choice_error,
    option_reasons.find_unreasoned_choice,
    arithmetic.find_miscalculation,
    steps.find_departing_step,
    quantities.find_left_out_quantity,
    quantities.find_invented_quantity,
    quantities.find_share_as_amount,
    results.find_other_answer,
    results.find_unused_result,
    output_state.find_cut_off,
    answer_check.find_missing_answer,
)
"""All asked; the finding that shows first in the output is the diagnosis."""

_MODULES = (
    agent,
    answer_check,
    arithmetic,
    code,
    constraints,
    literals,
    multiple_choice,
    option_reasons,
    output_state,
    quantities,
    results,
    steps,
)
INTENDED_CATEGORY: Final[Mapping[str, str]] = MappingProxyType(
    {title: category for module in _MODULES for title, category in module.TITLES.items()}
)
"""For each error title the category of the atlas that it is meant for."""
