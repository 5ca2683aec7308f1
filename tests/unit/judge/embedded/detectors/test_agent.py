import json
from collections.abc import Mapping

import pytest

from errormap_dagster.domain.records import FailureCase
from errormap_dagster.judge.embedded.detectors import agent

Action = tuple[str, Mapping[str, object]]

CANCEL: Action = ("cancel_reservation", {"reservation_id": "AAA111"})
BAGS: Action = ("update_baggages", {"reservation_id": "AAA111", "total": 2})


def talk(*calls: Action, result: str = "{}") -> str:
    parts = ["user: Please help me.", "assistant: Gladly."]
    for name, arguments in calls:
        parts.append(f"assistant -> tool call {name}({json.dumps(dict(arguments))})")
        parts.append(f"[tool result: {name}] {result}")
    return "\n\n".join([*parts, "assistant: That is all.", "user: ###STOP###"])


def case(output: str, *expected: Action, outputs: tuple[str, ...] = ()) -> FailureCase:
    actions = [{"name": name, "kwargs": dict(arguments)} for name, arguments in expected]
    reference = json.dumps({"actions": actions, "outputs": list(outputs)})
    return FailureCase("p", "d", "m", "e", "# Agent policy", output, reference, 0.0, 1.0)


@pytest.mark.parametrize(
    ("failure", "title", "said"),
    [
        pytest.param(case(talk(), CANCEL), agent.NOT_TAKEN, "AAA111", id="never called"),
        pytest.param(
            case(talk(CANCEL, result="Error: no such reservation"), CANCEL),
            agent.NOT_TAKEN,
            "cancel_reservation",
            id="call failed",
        ),
        pytest.param(
            case(talk(("update_baggages", {"reservation_id": "AAA111", "total": 3})), BAGS),
            agent.WRONG_ARGUMENTS,
            "total = 3, not 2",
            id="other argument",
        ),
        pytest.param(
            case(
                talk(("book", {"flights": [{"number": "A1"}, {"number": "A2"}]})),
                ("book", {"flights": [{"number": "A1"}, {"number": "A3"}]}),
            ),
            agent.WRONG_ARGUMENTS,
            'flights[1].number = "A2", not "A3"',
            id="part of an argument",
        ),
        pytest.param(
            case(talk(BAGS, CANCEL), BAGS), agent.UNREQUESTED, "cancel_reservation", id="extra"
        ),
        pytest.param(
            case(talk(("transfer_to_human_agents", {"summary": "x"})), CANCEL),
            agent.HANDED_OVER,
            "transfer_to_human_agents",
            id="handed over",
        ),
        pytest.param(
            case(talk(CANCEL), CANCEL, outputs=("327",)), agent.NOT_TOLD, "327", id="not told"
        ),
    ],
)
def test_a_departure_from_the_expected_actions_is_named(
    failure: FailureCase, title: str, said: str
) -> None:
    finding = agent.find_agent_error(failure)

    assert finding is not None
    assert finding.error_title == title
    assert title in agent.TITLES
    assert said in finding.error_summary
    assert failure.output_text is not None
    assert all(
        item.evidence is None or item.evidence in failure.output_text for item in finding.criteria
    )


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(case(talk(CANCEL), CANCEL), id="all as expected"),
        pytest.param(
            case(talk(("get_user_details", {"user_id": "u"}), CANCEL), CANCEL),
            id="looking up more changes nothing",
        ),
        pytest.param(
            case(talk((CANCEL[0], {**CANCEL[1], "note": "late"})), CANCEL),
            id="further arguments do not count",
        ),
        pytest.param(case("The answer is 4.", CANCEL), id="no transcript"),
        pytest.param(
            FailureCase("p", "d", "m", "e", "q", talk(CANCEL), "42", 0.0, 1.0),
            id="reference lists no actions",
        ),
    ],
)
def test_what_cannot_be_told_gives_no_finding(failure: FailureCase) -> None:
    assert agent.find_agent_error(failure) is None


@pytest.mark.parametrize("calls", [(), (("transfer_to_human_agents", {"summary": "s"}),)])
def test_what_the_agent_did_instead_of_the_needed_action_is_quoted(
    calls: tuple[Action, ...],
) -> None:
    finding = agent.find_agent_error(case(talk(*calls), CANCEL))

    assert finding is not None
    assert (finding.criteria[-1].evidence or "").startswith("assistant")
