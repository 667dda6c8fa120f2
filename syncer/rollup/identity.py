"""The identity of a snapshot: what it was made from and all that it says."""

from __future__ import annotations

import hashlib

import msgspec

from syncer.domain.report import Snapshot
from syncer.rollup.inputs import RollupInputs


def snapshot_id(inputs: RollupInputs, snapshot: Snapshot) -> str:
    """`S-` and twelve digits: the same instant, configuration, engine and figures have one id.

    It covers the snapshot as JSON, in which every figure has one notation; to write it so takes a
    tenth of what its Python notation takes.
    """
    told = f"{inputs.as_of.isoformat()}|{inputs.config_hash}|{inputs.engine_version}|"
    body = msgspec.json.encode(snapshot)
    return f"S-{hashlib.sha256(told.encode() + body).hexdigest()[:12]}"
