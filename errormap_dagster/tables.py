"""The tables by name: the version of the code that makes each, and which belong together."""

CODE_VERSIONS: dict[str, str] = {
    "landed_files": "2",
    "quarantined_rows": "2",
    "raw_predictions": "2",
    "informative_correct_predictions": "1",
    "failures": "1",
    "judged_errors": "1",
    "judge_calls": "1",
    "taxonomy_versions": "2",
    "taxonomy_categories": "2",
    "taxonomy_changes": "2",
    "taxonomy_decisions": "1",
    "taxonomy_inputs": "1",
    "taxonomy_steps": "1",
    "category_assignments": "2",
    "taxonomy_row_flow": "1",
    "taxonomy_stability": "1",
    "taxonomy_quality": "1",
    "taxonomy_category_quality": "1",
    "taxonomy_confusions": "1",
    "taxonomy_crosswalk": "1",
    "evaluations": "1",
    "failure_ledger": "1",
    "signatures": "2",
    "signature_history": "1",
    "counted_errors": "1",
    "model_comparisons": "1",
    "category_transitions": "1",
    "model_deviations": "1",
    "suspect_gold": "2",
    "gold_noise": "1",
    "gold_scores": "1",
    "benchmark_profiles": "2",
    "dataset_similarities": "1",
    "judge_reviews": "1",
    "judge_trust": "1",
    "corrected_shares": "1",
}
"""Raised when the code of a stage changes what it writes; Dagster shows them too."""

ABOVE = {
    "failures": "raw_predictions",
    "judged_errors": "failures",
    "category_assignments": "judged_errors",
}
"""The table that each table of evaluations is made from; also the name of the part."""

BY_EVALUATION = ("raw_predictions", *ABOVE)
"""The tables of evaluations, from the top."""

COMPARISON_TABLES = ("model_comparisons", "category_transitions", "model_deviations")

PROFILE_TABLES = ("benchmark_profiles", "dataset_similarities")

GOLD_TABLES = ("suspect_gold", "gold_noise", "gold_scores")

TRUST_TABLES = ("judge_reviews", "judge_trust", "corrected_shares")
"""Second readings of what the judge read, and what they say of it and of its shares."""

TAXONOMY_TABLES = (
    "taxonomy_versions",
    "taxonomy_categories",
    "taxonomy_changes",
    "taxonomy_decisions",
)
IN_FORCE = "in_force"
"""The part of the versions' fingerprint that the versions in force give; candidates leave it."""

INDUCTION_TABLES = ("taxonomy_inputs", "taxonomy_steps")
"""The record of how grown versions came about."""

STABILITY = "taxonomy_stability"
QUALITY_TABLES = ("taxonomy_quality", "taxonomy_category_quality", "taxonomy_confusions")
CROSSWALK = "taxonomy_crosswalk"
