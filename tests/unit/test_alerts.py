"""Which ends of a run are worth an alert."""

import dagster as dg
import pytest

from errormap_dagster.alerts import is_waiting_for_judge
from errormap_dagster.errors import JudgeStoppedError, JudgeWaitingError


@pytest.mark.parametrize(
    ("errors", "is_waiting"),
    [
        ([JudgeWaitingError("7 calls are with the provider")], True),
        ([JudgeStoppedError("the key is wrong")], False),
        ([JudgeWaitingError("7 calls"), ValueError("a bug")], False),
        ([], False),
    ],
)
def test_calls_that_are_with_the_provider_are_no_alert(
    errors: list[Exception], is_waiting: bool
) -> None:
    def asset_for(n: int, error: Exception) -> dg.AssetsDefinition:
        @dg.asset(name=f"made_{n}")
        def made() -> None:
            raise error

        return made

    assets = [asset_for(n, error) for n, error in enumerate(errors)]
    result = dg.materialize(assets, raise_on_error=False)
    assert is_waiting_for_judge(result.all_events) is is_waiting
