"""What each table is made from, as one hash: equal hash, nothing to do.

A fingerprint joins the fingerprints of the tables above, the settings that matter and the version
of the code. It stands in the file that was made from it (``store.py``). Nothing else decides what
is stale, so ``status`` and ``run`` cannot disagree.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from errormap_dagster.domain.identity import content_id
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.ingest.landing import Landing
from errormap_dagster.judge.interface import Judge, Operation
from errormap_dagster.settings import Settings
from errormap_dagster.store import WHOLE, Partition, Store

CODE_VERSIONS: dict[str, str] = {
    "landed_files": "2",
    "quarantined_rows": "2",
    "raw_predictions": "2",
    "informative_correct_predictions": "1",
    "failures": "1",
    "judged_errors": "1",
    "judge_calls": "1",
    "taxonomy_versions": "1",
    "taxonomy_categories": "1",
    "taxonomy_changes": "1",
    "category_assignments": "1",
    "failure_ledger": "1",
    "signatures": "1",
}
"""Raised when the code of a stage changes what it writes; Dagster shows them too."""

_JOINT = ":"
"""Cuts the fingerprint of ``judged_errors`` into how and what was judged."""

TAXONOMY_TABLES = ("taxonomy_versions", "taxonomy_categories", "taxonomy_changes")


def partition_of(evaluation: Evaluation) -> Partition:
    """The partition of a table that holds one evaluation."""
    return {"dataset": evaluation.dataset, "model": evaluation.model}


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """What the tables of a home would be made from if they were made now."""

    store: Store
    landing: Landing
    settings: Settings
    judge: Judge

    def _stored(self, table: str, evaluations: Iterable[Evaluation]) -> list[str]:
        return [self.store.fingerprint(table, partition_of(e)) or "" for e in evaluations]

    def _judge_for(self, operation: Operation) -> list[str]:
        return list(asdict(self.judge.identity(operation)).values())

    def raw_predictions(self, evaluation: Evaluation) -> str:
        """The landed rows of the evaluation."""
        landed = self.landing.fingerprint(evaluation)
        return content_id(CODE_VERSIONS["raw_predictions"], landed)

    def informative_correct_predictions(self, dataset: str) -> str:
        """The predictions of all models on a dataset, and how many to pick."""
        models = [e for e in self.landing.evaluations() if e.dataset == dataset]
        rule = self.settings.of_dataset(dataset).model_dump_json()
        picks = self.settings.correct_predictions.model_dump_json()
        code = CODE_VERSIONS["informative_correct_predictions"]
        return content_id(code, rule, picks, *self._stored("raw_predictions", models))

    def failures(self, evaluation: Evaluation) -> str:
        """The predictions, the success rule and the sampling."""
        rule = self.settings.of_dataset(evaluation.dataset).model_dump_json()
        sampling = self.settings.sampling.model_dump_json()
        above = self._stored("raw_predictions", [evaluation])
        return content_id(CODE_VERSIONS["failures"], rule, sampling, *above)

    def judging(self) -> str:
        """Whatever could change the judge's answer on the same failure."""
        picks = self.settings.correct_predictions.model_dump_json()
        identity = self._judge_for(Operation.ANALYSE)
        return content_id(CODE_VERSIONS["judged_errors"], picks, *identity)

    def judged_errors(self, evaluation: Evaluation) -> str:
        """The failures and the judge.

        The correct outputs of other models are left out on purpose: a model that lands later
        must not change an earlier judgement.
        """
        failures = content_id(*self._stored("failures", [evaluation]))
        return f"{self.judging()}{_JOINT}{failures}"

    def is_judged_alike(self, evaluation: Evaluation) -> bool:
        """Whether the rows that stand were judged just as they would be now."""
        stored = self.store.fingerprint("judged_errors", partition_of(evaluation)) or ""
        return stored.split(_JOINT)[0] == self.judging()

    def taxonomies(self) -> str:
        """The versions in force, by what they hold."""
        return content_id(*(self.store.fingerprint(table) or "" for table in TAXONOMY_TABLES))

    def category_assignments(self, evaluation: Evaluation) -> str:
        """The judged errors, the taxonomies and the judge that classifies."""
        identity = self._judge_for(Operation.CLASSIFY)
        above = self._stored("judged_errors", [evaluation])
        code = CODE_VERSIONS["category_assignments"]
        return content_id(code, self.taxonomies(), *identity, *above)

    def pending_evaluations(self, table: str) -> list[Evaluation]:
        """The landed evaluations whose rows of a table are missing or stale."""
        fingerprint = {
            "raw_predictions": self.raw_predictions,
            "failures": self.failures,
            "judged_errors": self.judged_errors,
            "category_assignments": self.category_assignments,
        }[table]
        return [
            evaluation
            for evaluation in self.landing.evaluations()
            if self.store.fingerprint(table, partition_of(evaluation)) != fingerprint(evaluation)
        ]

    def failure_ledger(self) -> str:
        """Every failure, judgement and assignment, and the taxonomy that is reported."""
        evaluations = self.landing.evaluations()
        tables = ("failures", "judged_errors", "category_assignments")
        above = [mark for table in tables for mark in self._stored(table, evaluations)]
        return content_id(CODE_VERSIONS["failure_ledger"], self.settings.taxonomy.reported, *above)

    def signatures(self) -> str:
        """The assignments and the numbers of predictions they are shares of."""
        evaluations = self.landing.evaluations()
        tables = ("raw_predictions", "failures", "judged_errors", "category_assignments")
        above = [mark for table in tables for mark in self._stored(table, evaluations)]
        return content_id(CODE_VERSIONS["signatures"], self.taxonomies(), *above)

    def warehouse(self) -> str:
        """All tables that dbt reads."""
        evaluations = self.landing.evaluations()
        datasets = sorted({e.dataset for e in evaluations})
        picks = "informative_correct_predictions"
        whole = ("landed_files", "quarantined_rows", "failure_ledger", "signatures", "judge_calls")
        return content_id(
            self.taxonomies(),
            *(self.store.fingerprint(table, WHOLE) or "" for table in whole),
            *(self.store.fingerprint(picks, {"dataset": d}) or "" for d in datasets),
            *self._stored("raw_predictions", evaluations),
        )
