"""One sync of one Jira connection in a process of its own: `python -m tests.sync.sync_once URL DB`.

Prints what it did as one line of JSON. The token comes by environment, as for everybody.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import aiohttp

from connectors.jira.config import JiraConfig
from connectors.jira.connector import JiraConnector
from syncer.clock import SystemClock
from syncer.connect.auth import with_secrets
from syncer.store import migrate
from syncer.store.engine import Store
from syncer.sync.connection import pull_connection


def _config(url: str) -> JiraConfig:
    auth = {"email": os.environ["JIRA_USER"], "token_env": "JIRA_TOKEN"}
    table = {"name": "jira", "kind": "jira", "url": url, "auth": auth}
    return with_secrets(JiraConfig.model_validate(table), env=dict(os.environ), base=Path())


async def main(url: str, database: str) -> None:
    async with aiohttp.ClientSession() as session, Store(database) as store:
        await migrate.upgrade(store)
        connector = JiraConnector("jira", _config(url), session)
        done = await pull_connection(store, connector, connection="jira", clock=SystemClock())
    pulls = done.containers
    told = {
        "seen": sum(pull.items_seen for pull in pulls),
        "stored": sum(pull.stored for pull in pulls),
        "errors": [error for error in (done.error, *(pull.error for pull in pulls)) if error],
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
