"""Which statistic of a HELM run is its main metric.

HELM says so in the schema of a suite (``schema.json`` after ``helm-summarize``), seldom in the run
folder; for runs without one this keeps the main metrics of its own leaderboards.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_BOOKKEEPING = re.compile(
    r"^(num_|finish_reason|training_|inference_|batch_size|max_prob|logprob|prompt_truncated|"
    r"predicted_index|estimated_|ece_|platt_|selective_|ref_|correct_rank|annotat)"
)
_MAIN = (
    "chain_of_thought_correctness",
    "ifeval_strict_accuracy",
    "omni_math_accuracy",
    "wildbench_score_rescaled",
    "math_equiv_chain_of_thought",
    "math_equiv",
    "final_number_exact_match",
    "test_avg",
    "pass",
    "f1_score",
    "exact_match_indicator",
    "exact_match",
    "quasi_exact_match",
)
"""Main metrics of HELM's leaderboards, the most particular first."""
_OF_GROUP = {
    **dict.fromkeys(
        "boolq imdb civil_comments raft babi_qa legalbench med_qa legal_support lsat_qa".split(),
        "quasi_exact_match",
    ),
    **dict.fromkeys(["summarization_cnndm", "summarization_xsum"], "rouge_2"),
    **dict.fromkeys(["msmarco_regular", "msmarco_trec"], "RR@10"),
    "wmt_14": "bleu_4",
}
"""Groups whose main metric stands behind others that their runs hold too."""


def metrics_by_rank(names: Sequence[str], group: str, schema: Mapping[str, Any]) -> list[str]:
    """The metrics of a run that may count, the main one first.

    Args:
        names: of all statistics of the run.
        group: the run's first group.
        schema: the suite's schema, empty when there is none.
    """
    scores = [name for name in names if not _BOOKKEEPING.match(name)]
    stated = _stated_main(group, schema)
    known = [_OF_GROUP[group]] if group in _OF_GROUP else []
    ranked = [name for name in (*stated, *known, *_MAIN) if name in scores]
    return list(dict.fromkeys([*ranked, *scores]))


def _stated_main(group: str, schema: Mapping[str, Any]) -> list[str]:
    return [
        str(entry["environment"]["main_name"])
        for entry in schema.get("run_groups") or ()
        if entry.get("name") == group and "main_name" in (entry.get("environment") or {})
    ]
