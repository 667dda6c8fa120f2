"""The service hooks of a simulated organisation.

Bodies: learn.microsoft.com/azure/devops/service-hooks/events, "Work items".
"""

from __future__ import annotations

import uuid
from base64 import b64encode
from typing import Any, Final

import orjson
from pydantic import SecretStr

from connectors.azure_devops.simulator_index import stamp
from connectors.azure_devops.simulator_site import Site
from syncer.connect.testing.delivery import Delivery, HookAction

_USER: Final = "syncer"
_SUBSCRIPTION: Final = "00000000-0000-4000-8000-00000000000a"


def item_delivery(site: Site, item_id: str, action: HookAction, *, secret: SecretStr) -> Delivery:
    """The delivery that tells of the item's last change.

    An update's `id` is its own number; that of the item stands beside it.
    """
    last = site.index.latest(item_id)
    fields = site.fields_at(item_id, last)
    resource: dict[str, Any] = {
        "id": int(item_id),
        "rev": last.number,
        "fields": fields,
        "url": site.address(item_id),
    }
    if action == "updated":
        resource = {
            "id": last.update,
            "workItemId": int(item_id),
            "rev": last.number,
            "revisedBy": site.person(last.actor),
            "revision": resource,
            "url": f"{site.address(item_id)}/updates/{last.update}",
        }
    event = f"workitem.{action}"
    return sent(event, resource, at=stamp(site.index.now), secret=secret)


def sent(event: str, resource: object, *, at: str, secret: SecretStr) -> Delivery:
    """A body with the headers of a delivery, under an id of its own."""
    body = {
        "subscriptionId": _SUBSCRIPTION,
        "notificationId": 1,
        "id": str(uuid.uuid4()),
        "eventType": event,
        "publisherId": "tfs",
        "message": {"text": f"{event} happened"},
        "resource": resource,
        "resourceVersion": "1.0",
        "createdDate": at,
    }
    return Delivery(headers=headers(secret), body=orjson.dumps(body))


def headers(secret: SecretStr) -> dict[str, str]:
    """What proves who sent a delivery: any user's name and the password."""
    pair = b64encode(f"{_USER}:{secret.get_secret_value()}".encode()).decode()
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "VSServices/simulated",
        "Authorization": f"Basic {pair}",
    }
