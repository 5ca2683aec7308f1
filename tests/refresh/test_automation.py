"""Sensors and the schedule, asked one by one without a daemon."""

from typing import Any

import dagster as dg
import fsspec
import pytest

from errormap_dagster import automation
from errormap_dagster.assets.partitions import partition_range
from errormap_dagster.automation import (
    FOLLOW_TAG,
    Seen,
    following_run,
    following_sensor,
    landing_sensor,
    nightly_schedule,
)
from errormap_dagster.errors import IngestError, SettingsError
from errormap_dagster.jobs import EVERYTHING, LAND
from errormap_dagster.settings import RefreshSettings, Settings
from errormap_dagster.stages.chain import run_chain
from errormap_dagster.stages.landing import land
from errormap_dagster.stages.publishing import make_report

AT_ONCE = "landing: {still_seconds: 0}\n"
Row = dict[str, Any]


@pytest.fixture
def instance() -> Any:
    """Dagster's memory of one test."""
    with dg.DagsterInstance.ephemeral() as made:
        yield made


class Sensor:
    """The landing sensor, asked again and again as the daemon asks it."""

    def __init__(self, live: Any, instance: dg.DagsterInstance) -> None:
        self._sensor = landing_sensor(live.project.settings)
        self._instance = instance
        self._cursor: str | None = None

    def look(self) -> list[list[str]] | str:
        """The files of each run that it asks for, or why it asks for none."""
        context = dg.build_sensor_context(instance=self._instance, cursor=self._cursor)
        told = self._sensor.evaluate_tick(context)
        self._cursor = told.cursor
        if not told.run_requests:
            return told.skip_message or ""
        assert all(request.job_name == LAND for request in told.run_requests)
        assert all(request.tags[FOLLOW_TAG] == EVERYTHING for request in told.run_requests)
        return [r.run_config["ops"]["landing"]["config"]["only"] for r in told.run_requests]


def test_a_file_is_landed_at_the_second_look_at_the_earliest(
    live: Any, instance: dg.DagsterInstance
) -> None:
    live.settings(AT_ONCE)
    sensor = Sensor(live, instance)
    assert sensor.look() == "no new files"
    live.write("a.jsonl", "m")
    assert sensor.look() == "1 new files are not still yet"
    assert sensor.look() == [["a.jsonl"]]


def test_a_file_that_grows_waits_and_holds_up_no_other(
    live: Any, instance: dg.DagsterInstance
) -> None:
    live.settings(AT_ONCE)
    sensor = Sensor(live, instance)
    live.write("grows.jsonl", "m", n_rows=1)
    live.write("still.jsonl", "n")
    sensor.look()
    live.write("grows.jsonl", "m", n_rows=5)
    assert sensor.look() == [["still.jsonl"]]
    assert sensor.look() == [["grows.jsonl", "still.jsonl"]]


def test_a_landed_file_is_not_landed_again_unless_it_changes(
    live: Any, instance: dg.DagsterInstance
) -> None:
    live.settings(AT_ONCE)
    sensor = Sensor(live, instance)
    live.write("a.jsonl", "m")
    land(live.project)
    assert sensor.look() == "no new files"
    live.write("a.jsonl", "m", n_wrong=7)
    sensor.look()
    assert sensor.look() == [["a.jsonl"]]


def test_new_files_wait_while_a_run_has_the_home(live: Any, instance: dg.DagsterInstance) -> None:
    live.settings(AT_ONCE)
    sensor = Sensor(live, instance)
    live.write("a.jsonl", "m")
    sensor.look()
    with live.project.home.alone():
        assert sensor.look() == "1 new files wait for the end of a run that is at work"
    assert sensor.look() == [["a.jsonl"]]


def test_new_files_wait_while_a_run_is_about_to_begin(
    live: Any, instance: dg.DagsterInstance
) -> None:
    live.settings(AT_ONCE)
    sensor = Sensor(live, instance)
    live.write("a.jsonl", "m")
    sensor.look()

    @dg.job(name=LAND)
    def waiting() -> None:
        """A run that has not begun."""

    run = instance.create_run_for_job(waiting, status=dg.DagsterRunStatus.STARTING)
    assert sensor.look() == "1 new files wait for the end of a run that is at work"
    instance.report_run_failed(run)
    assert sensor.look() == [["a.jsonl"]]


def test_files_behind_a_url_are_watched_too(live: Any, instance: dg.DagsterInstance) -> None:
    live.settings("landing: {still_seconds: 0, urls: ['memory://watched/evals']}\n")
    sensor = Sensor(live, instance)
    fsspec.filesystem("memory").pipe("/watched/evals/run/a.jsonl", b"{}")
    sensor.look()
    assert sensor.look() == [["memory://watched/evals/run/a.jsonl"]]


def test_a_url_that_cannot_be_read_is_told_with_its_remedy(
    live: Any, instance: dg.DagsterInstance
) -> None:
    live.settings("landing: {urls: ['nosuch://folder']}\n")
    with pytest.raises(IngestError, match="nosuch://folder: cannot be read"):
        Sensor(live, instance).look()


def test_what_was_seen_survives_the_cursor() -> None:
    seen = Seen().looked_again({"a": [1, 2]}, 10.0)
    again = Seen.from_cursor('{"a": [[1, 2], 10.0]}')
    assert again == seen
    assert again.still(15.0, 5) == ["a"]
    assert again.still(14.9, 5) == []
    assert again.still(10.0, 0) == []
    assert again.looked_again({"a": [2, 3]}, 20.0) == {"a": ([2, 3], 20.0)}
    assert again.looked_again({}, 20.0) == {}


def test_everything_is_off_until_it_is_switched_on() -> None:
    off, on = Settings(), Settings(refresh=RefreshSettings(is_on=True))
    assert landing_sensor(off).default_status == dg.DefaultSensorStatus.STOPPED
    assert nightly_schedule(off).default_status == dg.DefaultScheduleStatus.STOPPED
    assert landing_sensor(on).default_status == dg.DefaultSensorStatus.RUNNING
    assert nightly_schedule(on).default_status == dg.DefaultScheduleStatus.RUNNING


def test_the_schedule_says_when_it_runs_and_starts_a_landing_that_is_followed() -> None:
    settings = Settings(refresh=RefreshSettings(cron="30 4 * * 1", timezone="Europe/Berlin"))
    schedule = nightly_schedule(settings)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 4 * * 1", "Europe/Berlin")
    assert schedule.description
    assert "30 4 * * 1" in schedule.description
    assert "Europe/Berlin" in schedule.description
    (request,) = schedule.evaluate_tick(dg.build_schedule_context()).run_requests or []
    assert schedule.job_name == LAND
    assert request.tags[FOLLOW_TAG] == EVERYTHING


def test_a_cron_expression_that_dagster_refuses_is_a_setting_that_is_wrong() -> None:
    settings = Settings(refresh=RefreshSettings(cron="99 99 * * *"))
    with pytest.raises(SettingsError, match=r"refresh\.cron = '99 99"):
        nightly_schedule(settings)


def after_a_landing(instance: dg.DagsterInstance, tags: dict[str, str]) -> Any:
    """What the sensor after_landing does once a run of the landing job has ended."""

    @dg.op
    def nothing() -> None:
        """Stand for the landing."""

    @dg.job(name=LAND)
    def landed() -> None:
        nothing()

    run = landed.execute_in_process(instance=instance, tags=tags)
    ended = next(e for e in run.all_events if e.event_type_value == "PIPELINE_SUCCESS")
    context = dg.build_run_status_sensor_context(
        sensor_name="after_landing",
        dagster_event=ended,
        dagster_instance=instance,
        dagster_run=run.dagster_run,
    )
    return following_sensor()(context)


def test_a_landing_by_hand_is_followed_by_nothing(live: Any, instance: dg.DagsterInstance) -> None:
    live.write("a.jsonl", "m")
    told = after_a_landing(instance, {})
    assert told.skip_message == "the landing was started by hand"


def test_a_landing_by_the_sensor_is_followed_by_the_stale_evaluations(
    live: Any, instance: dg.DagsterInstance
) -> None:
    live.write("a.jsonl", "a", "b")
    run_chain(live.project)
    live.write("b.jsonl", "c")
    land(live.project)
    keys = [e.key for e in live.project.landing.evaluations()]
    instance.add_dynamic_partitions("evaluation", keys)
    request = after_a_landing(instance, {FOLLOW_TAG: EVERYTHING})
    assert request.job_name == EVERYTHING
    assert request.run_key
    assert partition_range(keys, ["sums|c"]).items() <= request.tags.items()
    run_chain(live.project)
    live.project.home.warehouse_mark.parent.mkdir(parents=True, exist_ok=True)
    live.project.home.warehouse_mark.write_text(live.project.fingerprints.warehouse())
    make_report(live.project)
    skipped = following_run(live.project, instance, "r")
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "every table is up to date"


def test_one_run_takes_all_evaluations_from_the_first_to_the_last_that_is_stale() -> None:
    keys = ["d|a", "d|b", "d|c", "e|a"]
    tags = partition_range(keys, {"d|b", "e|a"})
    assert sorted(tags.values()) == ["d|b", "e|a"]
    assert set(partition_range(keys, set()).values()) == {"e|a"}


def test_every_sensor_says_what_it_will_do() -> None:
    settings = Settings()
    for made in (landing_sensor(settings), following_sensor(), automation.failed_runs):
        assert made.description
        assert len(made.description) > 60
