"""Labels out of votes and clicks on matches."""

from __future__ import annotations

from bot.domain import AnsweredQuestion, Label, LabelSource


def label_of(
    asked: AnsweredQuestion, entry_id: str, *, relevant: bool, source: LabelSource = "vote"
) -> Label:
    """Somebody's word on one entry of an answer, with everything the answer knows of it.

    The score is the one kept when it was asked; None for an entry beyond the best 200
    that was reached by "more".
    """
    answer = asked.answer
    scores = {match.entry_id: match.score for match in answer.matches} | dict(asked.scores)
    return Label(
        question=answer.question,
        entry_id=entry_id,
        relevant=relevant,
        source=source,
        knowledge_base=answer.knowledge_base,
        origin=answer.id,
        score=scores.get(entry_id),
        model=answer.model,
        fingerprint=answer.fingerprint,
        snapshot=answer.snapshot,
    )
