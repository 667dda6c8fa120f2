"""Whatever a sender sends: every item is taken, or set aside with a reason."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from connectors.push.reading import read
from connectors.push.wire import PushedItem
from syncer.connect.protocol import HookRequest
from syncer.errors import BadPayload
from syncer.store.codec import encode
from tests.connectors.push.plant import NOON, item, push

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["2026-11-23T10:00:00Z", "2026-11-23", "DONE", "status", "https://a.b/c", "1"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = st.dictionaries(st.sampled_from(sorted(PushedItem.model_fields)), VALUES, max_size=4)


def request(body: object) -> HookRequest:
    raw = orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)
    return HookRequest(method="POST", url="", headers={}, body=raw, received_at=NOON)


@given(st.lists(FIELDS.map(lambda fields: {**item(), **fields}) | VALUES, max_size=4))
def test_every_item_is_taken_or_set_aside(items: list[Any]) -> None:
    reading = read("plant", request(push(*items)))
    carried = reading.carried
    assert len(carried.records) + len(carried.unreadable) == len(items)
    assert len(reading.faults) == len(carried.unreadable)
    assert all(fault.why for fault in reading.faults)
    for record in carried.records:
        encode(record)  # it can be stored


@given(VALUES | st.fixed_dictionaries({"container": VALUES, "as_of": VALUES, "items": VALUES}))
def test_a_strange_envelope_is_told_and_raises_nothing_else(body: Any) -> None:
    told = "an envelope"
    try:
        told = read("plant", request(body)).event
    except BadPayload as error:
        told = error.message
    assert told
