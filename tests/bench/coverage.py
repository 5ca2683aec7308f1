"""The long simulation of coverage, whose figures stand in docs/methods.md."""

from populations import SCENARIOS, Coverage, coverage

_REPLICATES = 4_000


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


if __name__ == "__main__":
    main()
