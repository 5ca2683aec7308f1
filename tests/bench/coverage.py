"""The long simulations of coverage, whose figures stand in docs/methods.md."""

from populations import SCENARIOS, Coverage, coverage
from readings import coverage as coverage_of_readings

_REPLICATES = 4_000
_REVIEWED = ((100, 100), (2000, 50), (2000, 200), (10_000, 400))
"""Failures that were judged, and how many of these were reviewed."""


def told(found: Coverage) -> str:
    """Coverage in per cent, of all categories and of those with errors, and the mean width."""
    rows = f"{found.covered_of_rows:.1%} of rows"
    return f"{found.covered:.1%} ({rows}), width {found.width:.3f}"


def main() -> None:
    """Print the coverage of each scenario."""
    for name, draw in SCENARIOS.items():
        line = f"{name}: {told(coverage(draw, n_replicates=_REPLICATES))}"
        if "datasets" in name:
            macro = coverage(draw, n_replicates=_REPLICATES, is_macro=True)
            line += f"; mean of datasets {told(macro)}"
        print(line)  # noqa: T201 - a report
    for sizes in _REVIEWED:
        held = coverage_of_readings(*sizes, n_replicates=_REPLICATES)
        told_of = ", ".join(f"{name} {covered:.1%}" for name, covered in held.items())
        print("{} judged, {} reviewed:".format(*sizes), told_of)  # noqa: T201 - a report


if __name__ == "__main__":
    main()
