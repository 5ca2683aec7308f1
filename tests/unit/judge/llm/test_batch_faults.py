"""What goes wrong on the way to the provider's Batch API and back."""

import pytest

from asking import Place, by_batch, cases, is_read
from batch_api import BatchApi, Ending, Operation
from errormap_dagster.errors import JudgeStoppedError, JudgeWaitingError
from responses import Response, error, reset
from server import JudgeServer

FLAKY: dict[Operation, list[Response]] = {
    name: [error(429, "slow down", retry_after=0.01), error(500, "oops")]
    for name in ("upload", "create", "retrieve", "content")
}


def test_hiccups_of_every_request_are_tried_again(place: Place) -> None:
    api = BatchApi(instead=FLAKY)
    with JudgeServer(batches=api) as server:
        analyses = place.analyse(by_batch(server.base_url), cases(4))
    assert all(map(is_read, analyses))
    assert set(api.n_carried_out.values()) == {1}
    assert api.n_requests["upload"] == 3


@pytest.mark.parametrize("unclear", [error(500, "oops"), reset()])
def test_a_batch_whose_creation_ended_unclearly_is_not_created_twice(
    unclear: Response, place: Place
) -> None:
    api = BatchApi(afterwards={"create": [unclear]})
    with JudgeServer(batches=api) as server:
        analyses = place.analyse(by_batch(server.base_url), cases(4))
    assert all(map(is_read, analyses))
    assert api.n_requests["create"] == 1
    assert set(api.n_carried_out.values()) == {1}


def test_an_endpoint_without_a_batch_api_is_one_error_with_the_remedy(place: Place) -> None:
    with JudgeServer() as server:
        with pytest.raises(JudgeStoppedError, match=r"no Batch API: set judge\.lane to 'ordinary'"):
            place.analyse(by_batch(server.base_url), cases(4))
        assert place.batches() == []
        back = by_batch(server.base_url).model_copy(update={"lane": "ordinary"})
        assert all(map(is_read, place.analyse(back, cases(4))))


def test_a_refused_key_is_one_error_and_nothing_stays_behind(place: Place) -> None:
    api = BatchApi(instead={"upload": [error(401, "Incorrect API key provided: sk-abcdefgh")]})
    with JudgeServer(batches=api) as server:
        with pytest.raises(JudgeStoppedError, match="401") as caught:
            place.analyse(by_batch(server.base_url), cases(4))
        assert "sk-abcdefgh" not in str(caught.value)
        assert place.batches() == []
        assert all(map(is_read, place.analyse(by_batch(server.base_url), cases(4))))


def test_a_batch_that_is_too_large_for_the_provider_is_submitted_in_smaller_ones(
    place: Place,
) -> None:
    too_much = ("token_limit_exceeded", "Enqueued token limit reached", None)
    refused = Ending("failed", errors=[too_much])
    api = BatchApi(endings=[refused, refused])
    with JudgeServer(batches=api) as server:
        analyses = place.analyse(by_batch(server.base_url), cases(8))
    assert all(map(is_read, analyses))
    assert set(api.n_carried_out.values()) == {1}
    assert [batch.n_calls for batch in place.batches()] == [8, 4, 2, 2, 2, 2]
    assert "Enqueued token limit" in (place.batches()[0].reason or "")


def test_a_line_that_does_not_pass_validation_fails_alone(place: Place) -> None:
    bad = Ending("failed", errors=[("invalid_request", "This line has no model.", 3)])
    api = BatchApi(endings=[bad])
    with JudgeServer(batches=api) as server:
        analyses = place.analyse(by_batch(server.base_url), cases(5))
    assert [is_read(analysis) for analysis in analyses] == [True, True, False, True, True]
    assert "This line has no model." in analyses[2].error_summary
    assert api.n_carried_out.total() == 4


def test_a_batch_that_is_refused_as_a_whole_stops_the_run_and_the_next_one_asks_anew(
    place: Place,
) -> None:
    api = BatchApi(endings=[Ending("failed", errors=[("model_not_found", "No such model.", None)])])
    with JudgeServer(batches=api) as server:
        with pytest.raises(JudgeStoppedError, match=r"refused batch batch_1: .*No such model\."):
            place.analyse(by_batch(server.base_url), cases(5))
        assert place.rows() == []
        assert all(map(is_read, place.analyse(by_batch(server.base_url), cases(5))))


def test_a_batch_that_is_cancelled_stops_the_run_and_keeps_what_it_had(place: Place) -> None:
    api = BatchApi(endings=[Ending("cancelled", 3)])
    with JudgeServer(batches=api) as server:
        with pytest.raises(JudgeStoppedError, match="batch_1 was cancelled"):
            place.analyse(by_batch(server.base_url), cases(5))
        assert [row.status for row in place.rows()].count("ok") == 3
        assert all(map(is_read, place.analyse(by_batch(server.base_url), cases(5))))
    assert set(api.n_carried_out.values()) == {1}


def test_a_quota_that_is_used_up_is_one_error(place: Place) -> None:
    api = BatchApi(lambda _: error(429, "You exceeded your quota", "insufficient_quota"))
    with (
        JudgeServer(batches=api) as server,
        pytest.raises(JudgeStoppedError, match="exceeded your quota"),
    ):
        place.analyse(by_batch(server.base_url), cases(5))
    assert {row.status for row in place.rows()} == {"failed"}


def test_a_batch_at_another_endpoint_is_named_with_the_remedy(place: Place) -> None:
    with JudgeServer(batches=BatchApi(n_polls=9)) as server, pytest.raises(JudgeWaitingError):
        place.analyse(by_batch(server.base_url, {"wait_hours": 0}), cases(2))
    with (
        JudgeServer(batches=BatchApi()) as other,
        pytest.raises(JudgeStoppedError, match=r"batch_1.*--forget batch_1"),
    ):
        place.analyse(by_batch(other.base_url), cases(2))


def test_no_secret_reaches_a_file_a_table_or_the_record(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-marked-secret-0815")
    monkeypatch.setenv("GATEWAY", "Bearer marked-gateway-0816")

    leaking = error(400, "sent: sk-marked-secret-0815 and marked-gateway-0816")
    api = BatchApi(lambda _: leaking)
    with JudgeServer(batches=api) as server:
        settings = by_batch(server.base_url, header_variables={"authorization-gateway": "GATEWAY"})
        place.analyse(settings, cases(2))
    files = [path.read_bytes() for path in place.folder.rglob("*") if path.is_file()]
    uploaded = api.files["file-1"]
    assert b"get 43 in the end" in uploaded
    for secret in (b"marked-secret", b"marked-gateway"):
        assert secret not in uploaded
        assert not any(secret in content for content in files)
