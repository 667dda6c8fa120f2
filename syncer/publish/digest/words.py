"""Block 3b, in their words: one sentence from the owner of whatever is not Green."""

from __future__ import annotations

from syncer.domain.health import Health
from syncer.domain.report import GroupResult
from syncer.domain.statement import OwnerStatus
from syncer.publish.audience import Lens
from syncer.publish.digest.context import NAME_LIMIT, SETTLED, Context
from syncer.publish.digest.model import OwnerWords
from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.wording import day, first_sentence, first_words

_MOST_WORDS = 25
_FRESH_DAYS = 8


def words_of_owners(context: Context) -> tuple[OwnerWords, ...]:
    """The owners of the audience's non-Green programs (in the product lens: products)."""
    sort = "prod:" if context.view.lens is Lens.PRODUCT else "prog:"
    asked = SETTLED | {Health.TOO_EARLY}
    mine = [g for g in context.groups if g.scope.startswith(sort)]
    return tuple(_of(group, context) for group in mine if group.shown.health not in asked)


def _of(group: GroupResult, context: Context) -> OwnerWords:
    last = _last_word(group, context)
    if last is None:
        owner = clean(group.owner, NAME_LIMIT)
        silence = f"no word from {owner} yet" if owner else "no owner to ask"
        return _line(group, context, silence=silence)
    on = context.local(last.provenance.at).date()
    author = clean(last.provenance.author, NAME_LIMIT)
    if (context.today - on).days > _FRESH_DAYS:
        since = day(on, today=context.today)
        return _line(group, context, author=author, silence=f"no word from {author} since {since}")
    said = first_words(first_sentence(context.shown.text(last.text, 400)), _MOST_WORDS)
    return OwnerWords(scope=group.scope, name=context.name(group), author=author, on=on, text=said)


def _line(group: GroupResult, context: Context, *, author: str = "", silence: str) -> OwnerWords:
    return OwnerWords(
        scope=group.scope,
        name=context.name(group),
        author=author,
        on=None,
        text="",
        silence=silence,
    )


def _last_word(group: GroupResult, context: Context) -> OwnerStatus | None:
    said = [
        status
        for status in context.snapshot.owner_statuses
        if context.resolve(status.scope) == group.scope and status.text.strip()
    ]
    return max(said, key=lambda s: (s.provenance.at, s.text), default=None)
