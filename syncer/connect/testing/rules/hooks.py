"""Rules about webhooks: genuine, forged, sent again, out of order, and never heard of."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from pydantic import SecretStr

from syncer.connect.protocol import HookReply
from syncer.connect.testing.adapter import Adapter
from syncer.connect.testing.delivery import Delivery, HookAction
from syncer.connect.testing.lab import SECRET, Lab, lab_of
from syncer.connect.testing.rules.rule import Rule, require

_ACTIONS: Final[tuple[HookAction, ...]] = ("created", "updated", "deleted")
_OTHER: Final = SecretStr("somebody-elses-secret")
_REFUSALS: Final = (400, 401)
_PLAIN_HEADERS: Final = frozenset({"content-type", "user-agent"})
_MINUTE: Final = timedelta(minutes=1)


def _require_accepted(reply: HookReply, what: str) -> None:
    good = 200 <= reply.status < 300  # noqa: PLR2004  what HTTP calls success
    require(good, f"{what} was answered with {reply.status}")


def _require_refused(reply: HookReply, what: str) -> None:
    require(reply.status in _REFUSALS, f"{what} was answered with {reply.status}")
    named = (*reply.refs, *reply.deleted, *reply.containers)
    require(not named, f"{what} was refused and still named {named}")


async def webhook_names_its_item(adapter: Adapter) -> None:
    """A genuine delivery of any sort touches its item, which is then fetched as it is now."""
    async with lab_of(adapter) as lab:
        item_id, other = lab.fill(2)
        ids = []
        for action in _ACTIONS:
            lab.clock.pass_by(_MINUTE)
            lab.edit(item_id, title=f"Before {action}")
            reply = lab.deliver(item_id, action)
            _require_accepted(reply, f"a genuine delivery ({action})")
            require(reply.event, "the tracker's name of the event is not told")
            require(lab.ref(item_id) in reply.refs, f"{action}: its item is not touched")
            require(lab.ref(other) not in reply.refs, f"{action}: another item is touched")
            told = lab.ref(item_id) in reply.deleted
            require(told == (action == "deleted"), f"{action}: told as deleted: {told}")
            ids.append(reply.delivery_id)
            titles = [r.item.title for r in (await lab.connector.fetch(reply.refs)).records]
            require(f"Before {action}" in titles, f"{action}: it cannot be fetched by that ref")
        if adapter.names_deliveries:
            require(all(ids), "a delivery has no id")
            require(len({*ids}) == len(ids), "two deliveries have one id")


async def webhook_deletion_is_asked_about(adapter: Adapter) -> None:
    """After the webhook of a deletion the item is absent when it is fetched."""
    async with lab_of(adapter) as lab:
        (item_id,) = lab.fill(1)
        await lab.fetch(item_id)
        reply = lab.deliver(item_id, "deleted")
        lab.world.delete(item_id, lab.clock.now())
        fetched = await lab.connector.fetch(reply.refs)
        require(not fetched.records, "what was deleted is fetched")
        require({*fetched.gone, *fetched.hidden} == {*reply.refs}, "nothing was said of it")


async def webhook_forged(adapter: Adapter) -> None:
    """Without the right secret, and with another body than the signed one, nobody gets in."""
    async with lab_of(adapter) as lab:
        (item_id,) = lab.fill(1)
        genuine = lab.tracker.delivery(item_id, "updated", secret=SECRET)
        _require_accepted(lab.receive(genuine), "the genuine one")
        for secrets, what in _WRONG_SECRETS:
            _require_refused(lab.receive(genuine, secrets), f"a delivery to {what}")
        _require_no_empty_secret(lab, genuine)
        for forged, what in _forgeries(lab, item_id, genuine):
            _require_refused(lab.receive(forged), what)
        _require_accepted(lab.receive(genuine, (_OTHER, SECRET)), "the secret before the last")


_WRONG_SECRETS: Final[Sequence[tuple[tuple[SecretStr, ...], str]]] = (
    ((), "an endpoint without a secret"),
    ((_OTHER,), "an endpoint with another secret"),
)


def _require_no_empty_secret(lab: Lab, genuine: Delivery) -> None:
    """An empty secret lets nobody in; to raise `ValueError` for it is as good."""
    try:
        reply = lab.receive(genuine, (SecretStr(""),))
    except ValueError:
        return
    _require_refused(reply, "a delivery to an endpoint with an empty secret")


def _forgeries(lab: Lab, item_id: str, genuine: Delivery) -> Iterator[tuple[Delivery, str]]:
    yield lab.tracker.delivery(item_id, "updated", secret=_OTHER), "one of another secret"
    yield from _without_proof(genuine)
    if lab.adapter.signs_body:
        body = genuine.body.replace(item_id.encode(), b"7777")
        yield dataclasses.replace(genuine, body=body), "one whose item was exchanged"
        yield dataclasses.replace(genuine, body=genuine.body + b" "), "one with a blank more"
        yield dataclasses.replace(genuine, body=b""), "one without its body"
    for name, value in genuine.headers.items():
        if SECRET.get_secret_value() not in value and len(value) < _SIGNATURE:
            continue
        for wrong, what in ((value[:-1], "a character less"), ("", "nothing"), (value[:7], "7")):
            if wrong != value:
                told = {**genuine.headers, name: wrong}
                forged = dataclasses.replace(genuine, headers=told)
                if not _is_only_an_id(lab, forged, genuine):
                    yield forged, f"one whose {name} has {what}"


_SIGNATURE: Final = 40
"""The shortest text that can be a signature; ids of deliveries are shorter."""


def _is_only_an_id(lab: Lab, forged: Delivery, genuine: Delivery) -> bool:
    """Whether the header names the delivery and proves nothing: then it may say anything."""
    one, other = lab.receive(forged), lab.receive(genuine)
    return one.delivery_id != other.delivery_id and one.status == other.status


def _without_proof(genuine: Delivery) -> Iterator[tuple[Delivery, str]]:
    plain = {k: v for k, v in genuine.headers.items() if k.lower() in _PLAIN_HEADERS}
    yield dataclasses.replace(genuine, headers=plain), "one without any proof"
    yield dataclasses.replace(genuine, headers={}), "one without headers"


async def webhook_replayed(adapter: Adapter) -> None:
    """The same delivery again reads the same, and what it says of the past changes nothing."""
    async with lab_of(adapter) as lab:
        (item_id,) = lab.fill(1)
        lab.edit(item_id, title="Then")
        delivery = lab.tracker.delivery(item_id, "updated", secret=SECRET)
        first = lab.receive(delivery)
        lab.clock.pass_by(_MINUTE)
        lab.edit(item_id, title="Now")
        again = lab.receive(delivery)
        require(again == first, "a delivery that came again was read otherwise")
        titles = [r.item.title for r in (await lab.connector.fetch(again.refs)).records]
        require(titles == ["Now"], f"a replay brought {titles}: its body is only a hint")


async def webhook_out_of_order(adapter: Adapter) -> None:
    """Deliveries that come in another order than they happened lead to the state of now."""
    async with lab_of(adapter) as lab:
        (item_id,) = lab.fill(1)
        deliveries = []
        for title in ("First", "Second", "Third"):
            lab.clock.pass_by(timedelta(milliseconds=300))
            lab.edit(item_id, title=title)
            deliveries.append(lab.tracker.delivery(item_id, "updated", secret=SECRET))
        for delivery in reversed(deliveries):
            reply = lab.receive(delivery)
            titles = [r.item.title for r in (await lab.connector.fetch(reply.refs)).records]
            require(titles == ["Third"], f"an older delivery brought {titles}")


async def webhook_unknown_event(adapter: Adapter) -> None:
    """A genuine delivery of an unknown sort is ignored by name; of rubbish, said to be rubbish."""
    async with lab_of(adapter) as lab:
        lab.fill(1)
        unknown = lab.receive(adapter.unknown_event(SECRET))
        _require_accepted(unknown, "an unknown event")
        require(unknown.event, "the unknown event is not named")
        require(unknown.ignored, "an unknown event is not said to be ignored")
        require(not (unknown.refs or unknown.deleted), "an unknown event touches items")
        _require_refused(lab.receive(adapter.unknown_event(_OTHER)), "a forged unknown event")
        rubbish = lab.receive(adapter.rubbish(SECRET))
        _require_accepted(rubbish, "a genuine delivery of rubbish")
        require(rubbish.unreadable, "rubbish is not said to be unreadable, and so is lost")
        require(not (rubbish.refs or rubbish.deleted), "rubbish touches items")


RULES: Final = (
    Rule(
        id="webhook_names_its_item",
        says="a genuine webhook names its item, which is fetched anew",
        check=webhook_names_its_item,
        needs="webhooks",
    ),
    Rule(
        id="webhook_deletion_is_asked_about",
        says="asks about what a webhook says was deleted",
        check=webhook_deletion_is_asked_about,
        needs="webhooks",
    ),
    Rule(
        id="webhook_forged",
        says="refuses forged webhooks",
        check=webhook_forged,
        needs="webhooks",
    ),
    Rule(
        id="webhook_replayed",
        says="reads a replayed webhook alike, and believes nothing of its past",
        check=webhook_replayed,
        needs="webhooks",
    ),
    Rule(
        id="webhook_out_of_order",
        says="does not mind in which order webhooks come",
        check=webhook_out_of_order,
        needs="webhooks",
    ),
    Rule(
        id="webhook_unknown_event",
        says="ignores unknown events by name, and keeps rubbish to be shown",
        check=webhook_unknown_event,
        needs="webhooks",
    ),
)
