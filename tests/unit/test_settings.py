from pathlib import Path

import pytest

from errormap_dagster.errors import SettingsError
from errormap_dagster.settings import Settings, load_settings


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "errormap.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "errormap.yaml") == Settings()
    assert Settings().sampling.share == 1.0


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, "# nothing yet\n")) == Settings()


def test_settings_of_a_dataset_are_found_by_its_name(tmp_path: Path) -> None:
    path = written(tmp_path, "datasets:\n  medec: {threshold: 0.7, higher_is_better: true}\n")
    settings = load_settings(path)
    assert settings.of_dataset("medec").threshold == 0.7
    assert settings.of_dataset("other").threshold is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("samplin: {}", "unknown key 'samplin'; allowed here: datasets", id="section"),
        pytest.param("sampling: {shar: 1}", r"'sampling\.shar'; allowed here: share", id="key"),
        pytest.param("datasets: {d: {metrik: x}}", "allowed here: metric", id="dataset key"),
        pytest.param("sampling: {share: 2}", r"sampling\.share = 2", id="range"),
        pytest.param("sampling: {share: half}", r"sampling\.share = 'half'", id="type"),
        pytest.param("judge: {kind: oracle}", r"judge\.kind = 'oracle'.*'embedded'", id="choice"),
        pytest.param("datasets: {d: {threshold: .nan}}", "threshold", id="not a number"),
        pytest.param("mappings: {m: {column: {}}}", "allowed here: files", id="mapping key"),
        pytest.param("mappings: {m: {columns: {answer: a}}}", "'answer' is none of", id="column"),
        pytest.param("models: {aliases: {a: b, b: c}}", "'b' is a name and the", id="chain"),
        pytest.param("[1, 2]", "must hold keys", id="not a mapping"),
        pytest.param("a: [", "is not YAML", id="not YAML"),
    ],
)
def test_what_is_not_allowed_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SettingsError, match=message) as caught:
        load_settings(path)
    assert str(path) in str(caught.value)


def test_settings_that_bear_on_reading_are_handed_to_the_readers(tmp_path: Path) -> None:
    text = """
datasets: {gsm8k: {metric: exact_match, filter: flexible-extract}, other: {threshold: 1}}
models: {aliases: {org/m: m}}
mappings: {mine: {files: "*.json", columns: {score: acc}, values: {model: m}}}
"""
    reading = load_settings(written(tmp_path, text)).reading
    assert reading.metrics == {"gsm8k": "exact_match"}
    assert reading.filters == {"gsm8k": "flexible-extract"}
    assert reading.model_of("org/m") == "m"
    assert reading.mappings[0].columns == {"score": "acc"}
    assert reading.fingerprint != Settings().reading.fingerprint
