"""One stream of questions through the judge, and its answers dealt out to their evaluations.

The judge never waits for an evaluation to end before it begins the next, and an evaluation whose
questions cannot be read takes nothing from the others.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from errormap_dagster.evaluations import Evaluation

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class _Readable(Generic[Question]):
    """All questions that can be read, as often as they are gone through."""

    def __init__(
        self,
        evaluations: Sequence[Evaluation],
        questions_of: Callable[[Evaluation], Iterable[Question]],
    ) -> None:
        self._evaluations = evaluations
        self._questions_of = questions_of

    def __iter__(self) -> Iterator[Question]:
        for evaluation in self._evaluations:
            # What cannot be read is told when its answers are wanted.
            with suppress(Exception):
                yield from self._questions_of(evaluation)


class AnswerStream(Generic[Question, Answer]):
    """Answers to the questions of evaluations, to be asked for in the order of the evaluations."""

    def __init__(
        self,
        evaluations: Sequence[Evaluation],
        questions_of: Callable[[Evaluation], Iterable[Question]],
        answer: Callable[[Iterator[Question]], Iterator[Answer]],
        ahead: Callable[[Iterable[Question]], None] | None = None,
    ) -> None:
        """Begin a stream; nothing is asked before the first answer is wanted.

        Args:
            evaluations: in the order in which their answers will be wanted.
            questions_of: the questions of one evaluation; it may raise.
            answer: one answer for each question, in their order, some questions later.
            ahead: hears of all questions before ``answer`` takes the first, if somebody does.
        """
        self._ahead_of_all = ahead
        self._is_told = False
        self._place = {evaluation: place for place, evaluation in enumerate(evaluations)}
        self._questions_of = questions_of
        self._asked: deque[tuple[Evaluation, Question]] = deque()
        self._errors: dict[Evaluation, Exception] = {}
        self._ahead: tuple[Evaluation, Question, Answer] | None = None
        self._answers = answer(self._questions())

    def _questions(self) -> Iterator[Question]:
        for evaluation in self._place:
            try:
                for question in self._questions_of(evaluation):
                    self._asked.append((evaluation, question))
                    yield question
            except Exception as error:  # noqa: BLE001 - it is raised where the evaluation is wanted
                self._errors[evaluation] = error

    def _tell_ahead(self) -> None:
        if self._ahead_of_all and not self._is_told:
            self._ahead_of_all(_Readable(list(self._place), self._questions_of))
            # Where that has failed, it is tried anew for the next evaluation.
            self._is_told = True

    def of(self, evaluation: Evaluation) -> Iterator[tuple[Question, Answer]]:
        """The questions of one evaluation that are not dealt out yet, each with its answer.

        Raises:
            Exception: whatever reading the questions of this evaluation raised.
        """
        self._tell_ahead()
        while (found := self._next()) is not None:
            owner, question, answer = found
            if self._place[owner] > self._place[evaluation]:
                break
            self._ahead = None
            # What an earlier evaluation left when it could not be made is nobody's.
            if owner == evaluation:
                yield question, answer
        if evaluation in self._errors:
            raise self._errors[evaluation]

    def _next(self) -> tuple[Evaluation, Question, Answer] | None:
        if self._ahead is None:
            for answer in self._answers:
                self._ahead = (*self._asked.popleft(), answer)
                break
        return self._ahead
