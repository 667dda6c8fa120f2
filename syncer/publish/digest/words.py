"""Block 3b, in their words: one sentence from the owner of whatever is not Green.

And the headline of its own where an owner and the data disagree.
"""

from __future__ import annotations

from syncer.domain.disagreement import Disagreement
from syncer.domain.evidence import Backing
from syncer.domain.health import Health
from syncer.domain.report import Evidence, GroupResult
from syncer.domain.statement import OwnerStatus
from syncer.publish.audience import Lens
from syncer.publish.digest.context import NAME_LIMIT, SETTLED, Context
from syncer.publish.digest.figures import named, word
from syncer.publish.digest.model import Claim, OwnerWords
from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.wording import (
    because,
    day,
    first_sentence,
    first_words,
    listed,
    sentence,
)

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
        rest = Backing(*(_by_data(one, context) for one in mine[_MOST_DISAGREEMENTS:]))
        text = sentence(f"Also on {names}")
        claims.append(Claim(text=text, kind="disagreement", evidence=rest))
    return tuple(claims)


def _by_data(one: Disagreement, context: Context) -> Evidence:
    """What the data alone says, and what was said instead."""
    return Evidence(
        label=f"{clean(one.name, NAME_LIMIT)}: colour by the data alone",
        value=word(one.data.health),
        formula=f"{one.data.rule}: {context.shown.text(one.data.reason)}",
        rule=one.data.rule,
        inputs=(f"{clean(one.who, NAME_LIMIT)} said {one.says.value} on {one.on.isoformat()}",),
    )


def _disagreement(one: Disagreement, context: Context) -> Claim:
    """`Network: M. Okafor says on track (20 Nov), the data says Red: 30 % chance of 19 Mar`."""
    who = clean(one.who, NAME_LIMIT) or "somebody"
    says, when = one.says.value.replace("_", " "), day(one.on, today=context.today)
    reason = first_words(because(context.named_short(one.data.reason)), _REASON_WORDS)
    text = (
        f"{context.short(one.scope)}: {who} says {says} ({when}), the data says "
        f"{named(one.data.health)}: {reason}"
    )
    return Claim(text=sentence(text), kind="disagreement", evidence=Backing(_by_data(one, context)))


def _of(group: GroupResult, context: Context) -> OwnerWords:
    last = _last_word(group, context)
    if last is None:
        owner = clean(group.owner, NAME_LIMIT)
        silence = f"no word from {owner} yet" if owner else "no owner to ask"
        return _line(group, context, silence=silence, said=None)
    on = context.local(last.provenance.at).date()
    author = clean(last.provenance.author, NAME_LIMIT)
    if (context.today - on).days > _FRESH_DAYS:
        since = day(on, today=context.today)
        silence = f"no word from {author} since {since}"
        return _line(group, context, author=author, silence=silence, said=last)
    said = first_words(first_sentence(context.shown.text(last.text, 400)), _MOST_WORDS)
    return OwnerWords(
        scope=group.scope,
        name=context.name(group),
        author=author,
        on=on,
        text=said,
        evidence=_word_backing(group, last, context),
    )


def _word_backing(group: GroupResult, said: OwnerStatus | None, context: Context) -> Backing:
    """The whole word with its author, day and door; or that no word was found."""
    label = f"{context.name(group)}: word of its owner"
    if said is None:
        return Backing(Evidence(label=label, value="none found", inputs=(clean(group.owner),)))
    source = said.provenance
    on = context.local(source.at).date().isoformat()
    who = clean(source.author, NAME_LIMIT)
    told = Evidence(
        label=label,
        value=context.shown.text(said.text, 400),
        formula=f"{who}, {on}, stated, not computed",
        inputs=(clean(source.source or source.door.value),),
    )
    return Backing(told)


def _line(
    group: GroupResult,
    context: Context,
    *,
    author: str = "",
    silence: str,
    said: OwnerStatus | None,
) -> OwnerWords:
    return OwnerWords(
        scope=group.scope,
        name=context.name(group),
        author=author,
        on=None,
        text="",
        silence=silence,
        evidence=_word_backing(group, said, context),
    )


def _last_word(group: GroupResult, context: Context) -> OwnerStatus | None:
    said = [
        status
        for status in context.snapshot.owner_statuses
        if context.resolve(status.scope) == group.scope and status.text.strip()
    ]
    return max(said, key=lambda s: (s.provenance.at, s.text), default=None)
