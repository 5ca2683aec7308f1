"""What each table is made from, as one fingerprint: equal fingerprint, nothing to do.

A fingerprint joins what stands above, the settings that matter and the version of the code, each
as a part with a name (``parts.py``). It stands in the file that was made from it (``store.py``).
Nothing else decides what is stale, so ``status`` and ``run`` cannot disagree.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from errormap_dagster.evaluations import Evaluation
from errormap_dagster.ingest.landing import Landing
from errormap_dagster.judge.interface import Judge, Operation
from errormap_dagster.parts import changed_parts, fingerprint, part, parts_of
from errormap_dagster.settings import NOT_OF_GROWTH, Settings
from errormap_dagster.store import WHOLE, Partition, Store
from errormap_dagster.tables import (
    ABOVE,
    BY_EVALUATION,
    CODE_VERSIONS,
    COMPARISON_TABLES,
    CROSSWALK,
    GOLD_TABLES,
    IN_FORCE,
    INDUCTION_TABLES,
    PROFILE_TABLES,
    QUALITY_TABLES,
    STABILITY,
    TAXONOMY_TABLES,
    TRUST_TABLES,
)

REPORT_VERSION = "3"
"""Raised when the code of the report changes what it says."""
_TOLD = ("failure_ledger", "signatures", "judge_trust", "taxonomy_category_quality")


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
        # The skill says how results are read, not which predictions fail.
        return part(self.settings.of_dataset(dataset).model_dump_json(exclude={"skill"}))

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
        """The versions in force, by what they hold; a candidate changes nothing here."""
        return parts_of(self.store.fingerprint("taxonomy_versions")).get(IN_FORCE, "")

    def all_taxonomies(self) -> str:
        """Every version, in force or not, and the decisions about them."""
        return part(*(self.store.fingerprint(table) or "" for table in TAXONOMY_TABLES))

    def taxonomy_row_flow(self) -> str:
        """Every version, and the assignments under them."""
        return fingerprint(
            code=CODE_VERSIONS["taxonomy_row_flow"],
            taxonomies=self.all_taxonomies(),
            evaluations=self.of_all("category_assignments"),
        )

    def taxonomy_stability(self) -> str:
        """Every version, what it was grown from, and the judge that grows and classifies."""
        return fingerprint(
            code=CODE_VERSIONS[STABILITY],
            taxonomies=part(self.all_taxonomies(), self.store.fingerprint("taxonomy_inputs")),
            rule=part(self.settings.taxonomy.model_dump_json(exclude=NOT_OF_GROWTH)),
            **self._growing_judge(),
        )

    def _growing_judge(self) -> dict[str, str]:
        grows, sorts = self._judge_for(Operation.GENERATE), self._judge_for(Operation.CLASSIFY)
        return {name: part(grows[name], sorts[name]) for name in grows}

    def taxonomy_quality(self) -> str:
        """Every version, its assignments, its stability, and the judge that classifies."""
        return fingerprint(
            code=CODE_VERSIONS["taxonomy_quality"],
            taxonomies=part(self.all_taxonomies(), self.store.fingerprint(STABILITY)),
            rule=part(self.settings.taxonomy.quality.model_dump_json()),
            evaluations=self.of_all("category_assignments"),
            **self._judge_for(Operation.CLASSIFY),
        )

    def taxonomy_crosswalk(self) -> str:
        """Every version, the assignments under them, and the judge that compares."""
        return fingerprint(
            code=CODE_VERSIONS[CROSSWALK],
            taxonomies=self.all_taxonomies(),
            evaluations=self.of_all("category_assignments"),
            **self._judge_for(Operation.CLASSIFY),
        )

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
            evaluations=self.of_all("failures", "judged_errors", "category_assignments"),
        )

    def signatures(self) -> str:
        """The assignments and the numbers of predictions they are shares of."""
        return fingerprint(
            code=CODE_VERSIONS["signatures"],
            statistics=part(
                self.settings.signatures.model_dump_json(), json.dumps(self.settings.groups)
            ),
            taxonomies=self.taxonomies(),
            evaluations=self.of_all(*BY_EVALUATION),
        )

    def comparisons(self) -> str:
        """The outcomes of all predictions, and which pairs of models are compared."""
        settings = self.settings.comparisons.model_dump_json(exclude={"max_regression"})
        return fingerprint(
            code=part(*(CODE_VERSIONS[table] for table in COMPARISON_TABLES)),
            statistics=part(settings),
            reported=part(self.settings.taxonomy.reported),
            taxonomies=self.taxonomies(),
            evaluations=self.of_all(*BY_EVALUATION),
        )

    def gold(self, verdicts: str) -> str:
        """The predictions, their judgements, and the verdicts of people."""
        return fingerprint(
            code=part(*(CODE_VERSIONS[table] for table in GOLD_TABLES)),
            verdicts=part(verdicts),
            evaluations=self.of_all("raw_predictions", "failures", "judged_errors"),
        )

    def profiles(self) -> str:
        """The assignments under the reported taxonomy, and the declared skills."""
        skills = {name: d.skill for name, d in sorted(self.settings.datasets.items()) if d.skill}
        return fingerprint(
            code=part(*(CODE_VERSIONS[table] for table in PROFILE_TABLES)),
            statistics=part(json.dumps(skills)),
            reported=part(self.settings.taxonomy.reported),
            taxonomies=self.taxonomies(),
            evaluations=self.of_all(*BY_EVALUATION),
        )

    def report(self) -> str:
        """The results, and all that they rest on."""
        return fingerprint(
            code=REPORT_VERSION,
            taxonomies=self.taxonomies(),
            tables=part(*(self.store.fingerprint(table) for table in _TOLD)),
            evaluations=self.of_all(*BY_EVALUATION),
        )

    def of_all(self, *tables: str) -> str:
        """What stands in tables of evaluations, and which of these are complete."""
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
            *(*COMPARISON_TABLES, *GOLD_TABLES, *PROFILE_TABLES, *TRUST_TABLES),
            *("signatures", "judge_calls", "taxonomy_row_flow"),
            *(*INDUCTION_TABLES, STABILITY, *QUALITY_TABLES, CROSSWALK),
        )
        tables = part(
            self.all_taxonomies(),
            *(self.store.fingerprint(table, WHOLE) or "" for table in whole),
            *(self.store.fingerprint(picks, {"dataset": d}) or "" for d in datasets),
            *self._stored("raw_predictions", evaluations),
        )
        return fingerprint(tables=tables)
