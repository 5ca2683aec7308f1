import pytest

from errormap_dagster.domain.records import FailureCase
from errormap_dagster.judge.embedded.detectors import code, code_parts, code_structure

FUNCTION = 'def largest(values: list[int]) -> int:\n    """Return the largest value."""\n'
CLASS = (
    "Please complete the class Shop in the following code.\n\nclass Shop:\n"
    '    """A shop."""\n\n    def __init__(self):\n        self.items = []\n\n'
    '    def add(self, item):\n        """Add an item."""\n\n'
    '    def count(self):\n        """Count the items.\n        :return: int, the number"""\n'
)
SHOP = (
    "class Shop:\n    def __init__(self):\n        self.items = []\n\n"
    "    def add(self, item):\n        self.items.append(item)\n\n"
    "    def count(self):\n        return len(self.items)\n"
)


def case(prompt: str, output: str, *right: str, reference: str | None = None) -> FailureCase:
    return FailureCase("p", "d", "m", "e", prompt, output, reference, 0.0, 1.0, right)


@pytest.mark.parametrize(
    ("failure", "title"),
    [
        pytest.param(
            case(FUNCTION, "def largest(values):\n    return max(values))\n"),
            code.INVALID,
            id="paren",
        ),
        pytest.param(
            case(FUNCTION, "def largest(values):\n    best = 0\n    return max(val, (best"),
            code.CUT_OFF,
            id="stops inside of a call",
        ),
        pytest.param(
            case(CLASS, SHOP + '\n    def more(self):\n        """Say'),
            code.CUT_OFF,
            id="docstring",
        ),
        pytest.param(
            case(CLASS, "The class is complete and needs no change."), code.NO_CODE, id="only prose"
        ),
        pytest.param(
            case(FUNCTION, "def biggest(values):\n    return max(values)\n"),
            code_parts.FUNCTION_MISSING,
            id="other name",
        ),
        pytest.param(
            case(CLASS, SHOP.replace("count", "size")), code_parts.FUNCTION_MISSING, id="method"
        ),
        pytest.param(case(FUNCTION, FUNCTION + "    pass\n"), code_parts.UNIMPLEMENTED, id="pass"),
        pytest.param(
            case(FUNCTION, "def largest(values):\n    return maximum(values)\n"),
            code_parts.UNDEFINED,
            id="unknown function",
        ),
        pytest.param(
            case(CLASS, SHOP.replace("len(self.items)", "self.size()")),
            code_parts.UNDEFINED,
            id="unknown method",
        ),
        pytest.param(
            case(CLASS, SHOP.replace("len(", "math.floor(")), code_parts.UNDEFINED, id="no import"
        ),
        pytest.param(
            case(FUNCTION, "def largest(a, b):\n    return max(a, b)\n"),
            code_parts.WRONG_SIGNATURE,
            id="two parameters",
        ),
        pytest.param(
            case(FUNCTION, "def largest(values):\n    print(max(values))\n"),
            code_parts.NO_RETURN,
            id="prints",
        ),
        pytest.param(
            case(CLASS, SHOP.replace("return len", "print"), reference=SHOP),
            code_parts.NO_RETURN,
            id="method prints",
        ),
        pytest.param(
            case(FUNCTION, "    return [max(values)]\n"),
            code_structure.WRONG_RESULT_TYPE,
            id="list for number in a continued prompt",
        ),
    ],
)
def test_code_that_shows_its_own_fault_is_named(failure: FailureCase, title: str) -> None:
    finding = code.find_code_error(failure)

    assert finding is not None
    assert finding.error_title == title
    assert title in code.TITLES
    assert failure.output_text is not None
    assert all(
        item.evidence is None or item.evidence in failure.output_text for item in finding.criteria
    )


LOOP = (
    "def largest(values):\n    best = 0\n    for value in values:\n"
    "        if value > best:\n            best = value\n    return best\n"
)


@pytest.mark.parametrize(
    ("wrong", "title", "said"),
    [
        pytest.param(
            ("> best", "< best"), code_structure.WRONG_CONDITION, "value < best", id="sign"
        ),
        pytest.param(("= 0", "= 1"), code_structure.WRONG_CONSTANT, "'1'", id="constant"),
        pytest.param(
            ("in values", "in values[1:]"),
            code_structure.WRONG_EXPRESSION,
            "values[1:]",
            id="slice",
        ),
    ],
)
def test_the_only_difference_from_a_correct_output_is_the_error(
    wrong: tuple[str, str], title: str, said: str
) -> None:
    right = LOOP.replace("best", "top").replace("value ", "item ").replace("value\n", "item\n")

    finding = code.find_code_error(case(FUNCTION, LOOP.replace(*wrong), right))

    assert finding is not None
    assert finding.error_title == title
    assert said in finding.error_summary


def test_the_only_method_unlike_every_correct_one_holds_the_error() -> None:
    wrong = SHOP.replace(
        "return len(self.items)", "return sum(1 for item in self.items if item) - 1"
    )
    wrong = wrong.replace("        return sum", "        self.items.sort()\n        return sum")

    finding = code.find_code_error(case(CLASS, wrong, SHOP))

    assert finding is not None
    assert finding.error_title == code_structure.WRONG_METHOD
    assert "Shop.count()" in finding.error_summary


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(case(FUNCTION, FUNCTION + "    return max(values)\n"), id="whole function"),
        pytest.param(case(FUNCTION, "    return max(values)\n"), id="continued prompt"),
        pytest.param(
            case(FUNCTION, "Here it is:\n```python\n" + LOOP + "```\nDone."), id="in a fence"
        ),
        pytest.param(
            case(FUNCTION, "    def pick(a, b):\n        return a\n    return pick(1, 2)\n"),
            id="continued with an inner function",
        ),
        pytest.param(case(CLASS, SHOP), id="whole class"),
        pytest.param(case("What is 2 + 2?", "5"), id="no code asked for"),
        pytest.param(case(FUNCTION, "  \n"), id="empty"),
        pytest.param(case(FUNCTION, "def largest(v):\n    return \0\n"), id="NUL byte"),
        pytest.param(
            case(FUNCTION, "def largest(values):\n    return " + "(" * 5000), id="deep nesting"
        ),
    ],
)
def test_code_without_a_visible_fault_gives_no_finding(failure: FailureCase) -> None:
    assert code.find_code_error(failure) is None


def test_an_undefined_name_is_quoted_where_it_is_undefined() -> None:
    output = SHOP.replace("len(self.items)", "size") + (
        "\n    def more(self):\n        size = 1\n        return size\n"
    )

    finding = code.find_code_error(case(CLASS, output))

    assert finding is not None
    assert finding.criteria[-1].evidence == "return size"
    assert finding.position == output.index("        return size")
