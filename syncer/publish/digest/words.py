"""Block 3b, in their words: one sentence from the owner of whatever is not Green.

And the headline of its own where an owner and the data disagree.
"""

from __future__ import annotations

from syncer.domain.disagreement import Disagreement
from syncer.domain.health import Health
from syncer.domain.report import Evidence, GroupResult
from syncer.domain.statement import OwnerStatus
from syncer.publish.audience import Lens
from syncer.publish.digest.context import NAME_LIMIT, SETTLED, Context
from syncer.publish.digest.figures import named, word
from syncer.publish.digest.model import Claim, OwnerWords
from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.wording import day, first_sentence, first_words, listed, sentence

_MOST_WORDS = 25
_FRESH_DAYS = 8
_MOST_DISAGREEMENTS = 2
_REASON_WORDS = 14


def words_of_owners(context: Context) -> tuple[OwnerWords, ...]:
    """The owners of the audience's non-Green programs (in the product lens: products)."""
    sort = "prod:" if context.view.lens is Lens.PRODUCT else "prog:"
    asked = SETTLED | {Health.TOO_EARLY}
    mine = [g for g in context.groups if g.scope.startswith(sort)]
    return tuple(_of(group, context) for group in mine if group.shown.health not in asked)


def disagreements(context: Context) -> tuple[Claim, ...]:
    """Where an owner's word is not what the data says: told whoever is right (at most two)."""
    mine = [
        one
        for one in context.snapshot.disagreements
        if context.ungrouped or one.scope in context.scopes
    ]
    claims = [_disagreement(one, context) for one in mine[:_MOST_DISAGREEMENTS]]
    more = len(mine) - len(claims)
    if more:
        names = listed([context.short(one.scope) for one in mine[_MOST_DISAGREEMENTS:]])
        claims.append(Claim(text=sentence(f"Also on {names}"), kind="disagreement"))
    return tuple(claims)


def _disagreement(one: Disagreement, context: Context) -> Claim:
    """`Network: M. Okafor says on track (20 Nov), the data says Red: 30 % chance of 19 Mar`."""
    who = clean(one.who, NAME_LIMIT) or "somebody"
    says, when = one.says.value.replace("_", " "), day(one.on, today=context.today)
    reason = first_words(context.named_short(one.data.reason), _REASON_WORDS)
    backing = Evidence(
        label=f"{clean(one.name, NAME_LIMIT)}: colour by the data alone",
        value=word(one.data.health),
        formula=f"{one.data.rule}: {context.shown.text(one.data.reason)}",
    )
    text = (
        f"{context.short(one.scope)}: {who} says {says} ({when}), the data says "
        f"{named(one.data.health)}: {reason}"
    )
    return Claim(text=sentence(text), kind="disagreement", evidence=(backing,))


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
