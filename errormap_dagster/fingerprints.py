"""What each table is made from, as one fingerprint: equal fingerprint, nothing to do.

A fingerprint joins what stands above, the settings that matter and the version of the code, each
as a part with a name (``parts.py``). It stands in the file that was made from it (``store.py``).
Nothing else decides what is stale, so ``status`` and ``run`` cannot disagree.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from errormap_dagster.evaluations import Evaluation
from errormap_dagster.ingest.landing import Landing
from errormap_dagster.judge.interface import Judge, Operation
from errormap_dagster.parts import changed_parts, fingerprint, part, parts_of
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
    "evaluations": "1",
    "failure_ledger": "1",
    "signatures": "1",
}
"""Raised when the code of a stage changes what it writes; Dagster shows them too."""

REPORT_VERSION = "1"
"""The same for the report, which is no table."""

ABOVE = {
    "failures": "raw_predictions",
    "judged_errors": "failures",
    "category_assignments": "judged_errors",
}
"""The table that each table of evaluations is made from; also the name of the part."""

BY_EVALUATION = ("raw_predictions", *ABOVE)
"""The tables of evaluations, from the top."""

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

    def _judge_for(self, operation: Operation) -> dict[str, str]:
        """Who judges, and by what prompt."""
        who = self.judge.identity(operation)
        return {
            "judge": part(who.judge, who.parameters_hash),
            "prompt": part(who.prompt_version, who.prompt_hash),
        }

    def raw_predictions(self, evaluation: Evaluation) -> str:
        """The landed rows of the evaluation."""
        landed = self.landing.fingerprint(evaluation)
        return fingerprint(code=CODE_VERSIONS["raw_predictions"], landed_rows=landed)

    def informative_correct_predictions(self, dataset: str) -> str:
        """The predictions of all models on a dataset, and how many to pick."""
        models = [e for e in self.landing.evaluations() if e.dataset == dataset]
        return fingerprint(
            code=CODE_VERSIONS["informative_correct_predictions"],
            rule=self._rule(dataset),
            picks=self._picks(),
            raw_predictions=part(*self._stored("raw_predictions", models)),
        )

    def _rule(self, dataset: str) -> str:
        return part(self.settings.of_dataset(dataset).model_dump_json())

    def _picks(self) -> str:
        return part(self.settings.correct_predictions.model_dump_json())

    def failures(self, evaluation: Evaluation) -> str:
        """The predictions, the success rule and the sampling."""
        return fingerprint(
            code=CODE_VERSIONS["failures"],
            rule=self._rule(evaluation.dataset),
            sampling=part(self.settings.sampling.model_dump_json()),
            raw_predictions=part(self.raw_predictions(evaluation)),
        )

    def judging(self) -> dict[str, str]:
        """Whatever could change the judge's answer on the same failure."""
        code = CODE_VERSIONS["judged_errors"]
        return {"code": code, "picks": self._picks(), **self._judge_for(Operation.ANALYSE)}

    def judged_errors(self, evaluation: Evaluation) -> str:
        """The failures and the judge.

        The correct outputs of other models are left out on purpose: a model that lands later
        must not change an earlier judgement.
        """
        return fingerprint(**self.judging(), failures=part(self.failures(evaluation)))

    def is_judged_alike(self, evaluation: Evaluation) -> bool:
        """Whether the rows that stand were judged just as they would be now."""
        stored = parts_of(self.store.fingerprint("judged_errors", partition_of(evaluation)))
        return stored.items() >= self.judging().items()

    def taxonomies(self) -> str:
        """The versions in force, by what they hold."""
        return part(*(self.store.fingerprint(table) or "" for table in TAXONOMY_TABLES))

    def category_assignments(self, evaluation: Evaluation) -> str:
        """The judged errors, the taxonomies and the judge that classifies."""
        return fingerprint(
            code=CODE_VERSIONS["category_assignments"],
            taxonomies=self.taxonomies(),
            **self._judge_for(Operation.CLASSIFY),
            judged_errors=part(self.judged_errors(evaluation)),
        )

    def of(self, table: str) -> Callable[[Evaluation], str]:
        """The fingerprint of a table of evaluations."""
        named: dict[str, Callable[[Evaluation], str]] = {
            "raw_predictions": self.raw_predictions,
            "failures": self.failures,
            "judged_errors": self.judged_errors,
            "category_assignments": self.category_assignments,
        }
        return named[table]

    def is_fresh(self, table: str, evaluation: Evaluation) -> bool:
        """Whether the rows of an evaluation stand as they would be made now."""
        stored = self.store.fingerprint(table, partition_of(evaluation))
        return stored == self.of(table)(evaluation)

    def is_ready(self, table: str, evaluation: Evaluation) -> bool:
        """Whether what the rows of an evaluation are made from stands as it should."""
        return table not in ABOVE or self.is_fresh(ABOVE[table], evaluation)

    def pending_evaluations(self, table: str) -> list[Evaluation]:
        """The landed evaluations whose rows of a table a run would make."""
        return [e for e in self.landing.evaluations() if not self.is_fresh(table, e)]

    def changes(self, table: str, evaluation: Evaluation) -> list[str]:
        """The parts of an evaluation's fingerprint that differ from what stands; all when none."""
        stored = self.store.fingerprint(table, partition_of(evaluation))
        return changed_parts(stored, self.of(table)(evaluation))

    def incomplete_table(self, evaluation: Evaluation) -> str | None:
        """The first table in which the evaluation does not stand for what stands above it.

        None when its rows go together from the predictions to the categories: only then can it be
        counted. They may still be stale, as when a setting has changed since.
        """
        here = partition_of(evaluation)
        above = self.store.fingerprint("raw_predictions", here)
        if above is None:
            return "raw_predictions"
        for table, name in ABOVE.items():
            stored = self.store.fingerprint(table, here)
            if stored is None or parts_of(stored).get(name) != part(above):
                return table
            above = stored
        is_current = parts_of(above).get("taxonomies") == self.taxonomies()
        return None if is_current else "category_assignments"

    def failure_ledger(self) -> str:
        """Every failure, judgement and assignment, and the taxonomy that is reported."""
        return fingerprint(
            code=CODE_VERSIONS["failure_ledger"],
            reported=part(self.settings.taxonomy.reported),
            evaluations=self._all("failures", "judged_errors", "category_assignments"),
        )

    def signatures(self) -> str:
        """The assignments and the numbers of predictions they are shares of."""
        return fingerprint(
            code=CODE_VERSIONS["signatures"],
            taxonomies=self.taxonomies(),
            evaluations=self._all(*BY_EVALUATION),
        )

    def report(self) -> str:
        """The results, and all that they rest on."""
        results = [self.store.fingerprint(table) for table in ("failure_ledger", "signatures")]
        return fingerprint(
            code=REPORT_VERSION,
            taxonomies=self.taxonomies(),
            tables=part(*results),
            evaluations=self._all(*BY_EVALUATION),
        )

    def _all(self, *tables: str) -> str:
        evaluations = self.landing.evaluations()
        above = [mark for table in tables for mark in self._stored(table, evaluations)]
        return part(self.store.fingerprint("evaluations"), *above)

    def warehouse(self) -> str:
        """All tables that dbt reads."""
        evaluations = self.landing.evaluations()
        datasets = sorted({e.dataset for e in evaluations})
        picks = "informative_correct_predictions"
        whole = (
            *("landed_files", "quarantined_rows", "evaluations", "failure_ledger"),
            *("signatures", "judge_calls"),
        )
        tables = part(
            self.taxonomies(),
            *(self.store.fingerprint(table, WHOLE) or "" for table in whole),
            *(self.store.fingerprint(picks, {"dataset": d}) or "" for d in datasets),
            *self._stored("raw_predictions", evaluations),
        )
        return fingerprint(tables=tables)
