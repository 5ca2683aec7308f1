"""The ``judge`` section: what is allowed, what is refused, and what goes before the file."""

from pathlib import Path

import pytest

from errormap_dagster.errors import SettingsError
from errormap_dagster.judge_settings import JudgeSettings
from errormap_dagster.settings import load_settings

FILE = """
judge:
  kind: llm
  model: from-file
  endpoint_model: deployed
  base_url: http://127.0.0.1:8000/v1
"""


@pytest.fixture(autouse=True)
def no_judge_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ERRORMAP_JUDGE", "ERRORMAP_JUDGE_MODEL", "ERRORMAP_JUDGE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def load(tmp_path: Path, text: str, judge: dict[str, object] | None = None) -> JudgeSettings:
    path = tmp_path / "errormap.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, judge).judge


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "judge: {stages: {classify: {modle: x}}}",
            r"unknown key 'judge\.stages\.classify\.modle'; allowed here: model, endpoint_model, "
            r"mode, parameters, prompt_version$",
            id="key of a stage",
        ),
        pytest.param("judge: {modle: x}", "allowed here: kind, workers, model", id="key"),
        pytest.param("judge: {limits: {x: 1}}", "allowed here: concurrency", id="key of limits"),
        pytest.param("judge: {prices: {m: {x: 1}}}", "here: input, cached_input", id="price"),
        pytest.param("judge: {stages: {read: {}}}", r"judge\.stages\.read", id="stage"),
        pytest.param("judge: {mode: xml}", r"judge\.mode = 'xml'.*'tools'", id="mode"),
        pytest.param(
            "judge: {limits: {prompt_tokens: 10}}",
            r"judge\.limits\.prompt_tokens = 10",
            id="prompt too small for its own words",
        ),
        pytest.param("judge: {base_url: 'localhost:8000'}", "must be a URL such as", id="URL"),
    ],
)
def test_what_is_not_allowed_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "judge: {headers: {Authorization: Bearer hush-hush}}",
        "judge: {headers: {api-key: hush-hush}}",
        "judge: {headers: {X-Auth-Token: hush-hush}}",
        "judge: {base_url: 'https://me:hush-hush@example.org/v1'}",
        "judge: {base_url: 'https://hush-hush@example.org/v1'}",
        "judge: {base_url: 'me:hush-hush@example.org/v1'}",
        "judge: {base_url: 'https://example.org/v1?api-version=1&code=hush-hush'}",
        "judge: {base_url: 'https://example.org/v1?access_token=hush-hush'}",
        "judge: {query: {api-version: '1', api-key: hush-hush}}",
        "judge: {query: {sig: hush-hush}}",
    ],
)
def test_a_secret_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"judge\.(headers|base_url|query): ") as caught:
        load(tmp_path, text)
    assert "hush-hush" not in str(caught.value)
    assert "hush-hush" not in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("parameters", "key"),
    [
        ("{user: 2024-01-01}", "user is datetime.date"),
        ("{stop: [1, 2024-01-01]}", "stop is "),
        ("{temperature: .nan}", "temperature is nan"),
    ],
)
@pytest.mark.parametrize(
    "place", ["judge: {parameters: %s}", "judge: {stages: {review: {parameters: %s}}}"]
)
def test_a_parameter_that_cannot_be_sent_is_named(
    tmp_path: Path, place: str, parameters: str, key: str
) -> None:
    with pytest.raises(SettingsError, match=rf"parameters: .*{key}.*quotes"):
        load(tmp_path, place % parameters)


def test_a_version_in_the_query_is_no_secret(tmp_path: Path) -> None:
    text = "judge: {query: {api-version: '1'}, base_url: 'https://example.org/v1?api-version=1'}"
    assert load(tmp_path, text).query == {"api-version": "1"}


def test_a_header_that_is_no_secret_is_kept(tmp_path: Path) -> None:
    assert load(tmp_path, "judge: {headers: {X-Team: a}}").headers == {"X-Team": "a"}


def test_the_environment_goes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERRORMAP_JUDGE", "llm")
    monkeypatch.setenv("ERRORMAP_JUDGE_MODEL", "from-environment")
    monkeypatch.setenv("ERRORMAP_JUDGE_BASE_URL", "http://127.0.0.1:9/v1")
    got = load(tmp_path, FILE.replace("kind: llm", "kind: embedded"))
    assert (got.kind, got.model, got.base_url) == (
        "llm",
        "from-environment",
        "http://127.0.0.1:9/v1",
    )


def test_the_runs_choice_goes_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERRORMAP_JUDGE", "llm")
    assert load(tmp_path, FILE, {"kind": "embedded"}).kind == "embedded"


def test_an_empty_variable_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERRORMAP_JUDGE_MODEL", "")
    assert load(tmp_path, FILE).model == "from-file"


def test_another_model_is_not_asked_under_the_name_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(tmp_path, FILE).endpoint_model == "deployed"
    monkeypatch.setenv("ERRORMAP_JUDGE_MODEL", "from-file")
    assert load(tmp_path, FILE).endpoint_model == "deployed"
    monkeypatch.setenv("ERRORMAP_JUDGE_MODEL", "another")
    assert load(tmp_path, FILE).endpoint_model is None


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ERRORMAP_JUDGE", "oracle", r"ERRORMAP_JUDGE.*judge\.kind = 'oracle'.*'embedded'"),
        ("ERRORMAP_JUDGE_BASE_URL", "nowhere", r"ERRORMAP_JUDGE.*judge\.base_url: .*URL"),
    ],
)
def test_a_wrong_value_in_the_environment_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=message):
        load(tmp_path, "")


def test_an_unknown_key_of_a_run_names_the_keys_of_the_judge(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"'judge\.modle'; allowed here: kind, workers, model"):
        load(tmp_path, "", {"modle": "x"})
