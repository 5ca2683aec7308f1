"""What numbers mean, said in whole sentences that pages and the command line share."""

from collections.abc import Sequence

from errormap_dagster.presentation.numbers import points

_EMBEDDED = "embedded"
_MOST = 0.5


def unnamed_difference(total: float, unnamed: float, judges: Sequence[str]) -> str | None:
    """That most of a difference lies in failures whose error has no name, and what can be done.

    Args:
        total: difference of the rates of all failures, -1 to 1.
        unnamed: difference of the rates of those that are unassigned, -1 to 1.
        judges: who read the failures.

    Returns:
        The sentences; None where most of the difference has a name, or there is none.
    """
    if unnamed * total <= 0 or abs(unnamed) <= _MOST * abs(total):
        return None
    remedy = (
        "The embedded analyst rather says that it cannot tell than guess. A language model as the "
        "judge names more: judge.kind: llm in errormap.yaml; errormap estimate then says what "
        "that would cost."
        if list(judges) == [_EMBEDDED]
        else "A stronger judge, or a taxonomy that is grown from these errors, may name more."
    )
    return (
        f"Most of this difference has no name. The rates of all failures differ by {points(total)} "
        f"points; those of failures whose error could not be named (unassigned) differ by "
        f"{points(unnamed)}. That one model fails more often is shown; how it fails differently "
        f"is mostly not. {remedy}"
    )
