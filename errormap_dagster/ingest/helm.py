"""HELM: a run folder, read by its ``scenario_state.json`` with the files beside it.

One request state is one row. Scores stand apart, in ``per_instance_stats.json``, where an instance
may appear several times, once for each metric object.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.choices import DEFAULTS, Reading
from errormap_dagster.ingest.helm_metrics import metrics_by_rank
from errormap_dagster.ingest.helm_state import Key, key_of, state_values
from errormap_dagster.ingest.interface import Batch, SourceFormat
from errormap_dagster.ingest.json_document import elements, first_keys, members, some_members
from errormap_dagster.ingest.rows import Kept, PassedOver, Record, Rejected, batched
from errormap_dagster.ingest.scores import NoScore, score_of

STATE = "scenario_state.json"
RUN_FILES = frozenset(
    "run_spec.json scenario.json stats.json per_instance_stats.json instances.json "
    "predictions.json display_predictions.json display_requests.json annotations.json".split()
)
_ALL, UNPERTURBED = "all", "none"
_CHOSEN_REFERENCE = "predicted_index"
State = Mapping[str, Any]


class Helm(SourceFormat):
    """The run folders of HELM."""

    name = "helm"

    def sniff(self, path: Path) -> bool:
        """Whether the document holds request states."""
        return "request_states" in first_keys(path, 2)

    def companions(self, path: Path) -> list[Path]:
        """The other files of the run, and the schema of its suite."""
        beside = [path.with_name(n) for n in ("run_spec.json", "per_instance_stats.json")]
        return [file for file in [*beside, path.parent.parent / "schema.json"] if file.is_file()]

    def read(self, path: Path, reading: Reading = DEFAULTS) -> Iterator[Batch]:
        """Read state by state."""
        run = _Run(path, reading)
        yield from batched(run.records())


class _Run:
    """A run folder: what it evaluated, and the chosen score of each instance."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self._path = path
        spec = path.with_name("run_spec.json")
        known = some_members(spec, {"name", "adapter_spec", "groups"}) if spec.is_file() else {}
        beside = some_members(path, {"adapter_spec"})
        adapter = known.get("adapter_spec") or beside.get("adapter_spec") or {}
        name = str(known.get("name") or path.parent.name)
        self._dataset = _without_model(name)
        self._model = str(adapter.get("model") or _argument(name, "model") or "")
        group = str((known.get("groups") or [self._dataset])[0])
        schema = path.parent.parent / "schema.json"
        self._schema = some_members(schema, {"metrics", "run_groups"}) if schema.is_file() else {}
        self._stats = path.with_name("per_instance_stats.json")
        if not self._stats.is_file():
            raise IngestError(
                f"{path}: has no per_instance_stats.json beside it, where HELM keeps the scores. "
                "Land the whole run folder."
            )
        names, perturbations = _names_in(self._stats)
        ranked = metrics_by_rank(names, group, self._schema)
        filters = (UNPERTURBED, *sorted(perturbations), _ALL)
        self._choice = reading.choose(self._dataset, ranked, filters=filters)
        self._scores = _scores_in(self._stats, {self._choice.metric, _CHOSEN_REFERENCE})

    def records(self) -> Iterator[Record]:
        yield self._choice
        n = 0
        for key, state in members(self._path, {"request_states"}):
            if key == "request_states" and isinstance(state, Mapping):
                n += 1
                yield self._record(n, state)

    def _record(self, number: int, state: State) -> Record:
        key = key_of(state)
        if not self._is_chosen(state, key):
            return PassedOver(number)
        if failed := _infrastructure(state):
            return Rejected(number, "infrastructure_error", failed, state)
        score = score_of(self._choice.metric, self._scores.get(key, {}).get(self._choice.metric))
        if isinstance(score, NoScore):
            return Rejected(number, *score, state)
        same = {"dataset": self._dataset, "model": self._model, "metric": self._choice.metric}
        # A perturbed instance is another try at the same example: numbered after the plain ones.
        trial = None if key.perturbation else key.trial + 1
        told = {"trial": trial, "score": score, "higher_is_better": self._direction()}
        return Kept(number, {**state_values(state), **same, **told})

    def _is_chosen(self, state: State, key: Key) -> bool:
        """One state per instance and trial: no calibration, no reference but the predicted one."""
        if state.get("request_mode") == "calibration":
            return False
        if self._choice.filter not in {_ALL, key.perturbation or UNPERTURBED}:
            return False
        index = state.get("reference_index")
        predicted = self._scores.get(key, {}).get(_CHOSEN_REFERENCE, 0)
        return index is None or index == predicted

    def _direction(self) -> bool | None:
        for metric in self._schema.get("metrics") or ():
            if metric.get("name") == self._choice.metric and "lower_is_better" in metric:
                return not metric["lower_is_better"]
        return None


def _names_in(stats: Path) -> tuple[list[str], set[str]]:
    """The metrics and the perturbations of a run."""
    names: dict[str, None] = {}
    perturbations: set[str] = set()
    for entry in elements(stats):
        names |= {str(stat["name"]["name"]): None for stat in entry.get("stats") or ()}
        if perturbation := key_of(entry).perturbation:
            perturbations.add(perturbation)
    return list(names), perturbations


def _scores_in(stats: Path, wanted: set[str]) -> dict[Key, dict[str, float]]:
    """The wanted statistics of each instance, of all its entries together."""
    found: dict[Key, dict[str, float]] = {}
    for entry in elements(stats):
        of_key = found.setdefault(key_of(entry), {})
        for stat in entry.get("stats") or ():
            name = str(stat["name"]["name"])
            if name in wanted and stat.get("mean") is not None:
                of_key[name] = stat["mean"]
    return found


def _infrastructure(state: State) -> str | None:
    result = state.get("result")
    if isinstance(result, Mapping) and result.get("success") is not False:
        return None
    why = result.get("error") if isinstance(result, Mapping) else "no result"
    return f"the request to the model failed ({why!s:.500}), which is no answer; run it again"


def _without_model(name: str) -> str:
    """The run's name without the model: ``mmlu:subject=law,model=x`` is ``mmlu:subject=law``."""
    scenario, _, arguments = name.partition(":")
    kept = [a for a in arguments.split(",") if a and not a.startswith(("model=", "model_depl"))]
    plain = scenario.partition("-model=")[0]
    return f"{plain}:{','.join(kept)}" if kept else plain


def _argument(name: str, key: str) -> str | None:
    _, found, rest = name.partition(f"{key}=")
    return rest.partition(",")[0] if found else None
