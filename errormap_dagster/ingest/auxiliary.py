"""Files of a run that hold no rows of their own: results, run specifications, statistics.

They are read together with the file that has the rows, and are no error on their own.
"""

from pathlib import Path

from errormap_dagster.ingest import every_eval_ever, helm, lighteval, lm_eval


def auxiliary_detail(path: Path) -> str | None:
    """What an auxiliary file belongs to; None for a file that may hold rows."""
    if not path.name.lower().endswith((".json", ".json.gz")):
        return None
    if path.name in helm.RUN_FILES:
        return f"a file of a HELM run; its rows are in {helm.STATE} beside it"
    for is_such, told in (
        (lm_eval.is_results, "results of lm-evaluation-harness; the rows are in samples_*.jsonl"),
        (lighteval.is_results, "results of lighteval; the rows are in details_*.parquet"),
        (every_eval_ever.is_aggregate, "an aggregate; its rows are in <name>_samples.jsonl"),
    ):
        if is_such(path):
            return told
    return None
