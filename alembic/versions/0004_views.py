"""Read-only views for Grafana, Power BI and whatever else reads SQL: docs/sql-views.md.

Their names and columns are as stable as the machine output: columns may come, none goes. They show
what snapshots, items, verdicts and editions hold; on SQLite a later revision that rebuilds one of
those tables has to drop the views first and make them anew.

Revision 0004, after 0003.
"""

from __future__ import annotations

from collections.abc import Mapping

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TEXT, _WHOLE, _REAL, _DAY = "text", "integer", "double precision", "date"
_TRUTH, _INSTANT = "boolean", "timestamp with time zone"

_HEALTH = {
    "state": ("computed.health", _TEXT),
    "shown": ("shown.health", _TEXT),
    "rule": ("computed.rule", _TEXT),
    "reason": ("computed.reason", _TEXT),
}
_FIGURES = {
    "target": ("target", _DAY),
    "remaining": ("remaining", _WHOLE),
    "done": ("done", _WHOLE),
    "total": ("total", _WHOLE),
    "progress": ("progress", _REAL),
    "planned": ("planned", _REAL),
    "confidence": ("quality.confidence", _TEXT),
} | {
    f"{level}_{what}": (f"ledgers.{level}.{what}", _WHOLE)
    for level in ("program", "product", "unclassified")
    for what in ("open", "late", "done")
}
_GROUP = {
    "scope": ("scope", _TEXT),
    "key": ("key", _TEXT),
    "name": ("name", _TEXT),
    "owner": ("owner", _TEXT),
    **_HEALTH,
    "probability": ("probability", _REAL),
    "p50": ("p50", _DAY),
    "p85": ("p85", _DAY),
    **_FIGURES,
}
_PROJECT = {
    "key": ("key", _TEXT),
    "name": ("name", _TEXT),
    "owner": ("owner", _TEXT),
    "team": ("team", _TEXT),
    "criticality": ("criticality", _TEXT),
    **_HEALTH,
    "probability": ("forecast.probability", _REAL),
    "p50": ("forecast.p50", _DAY),
    "p85": ("forecast.p85", _DAY),
    **_FIGURES,
    "wip": ("wip", _WHOLE),
    "start": ("start", _DAY),
    "baseline_target": ("baseline_target", _DAY),
    "slip_days": ("slip_days", _WHOLE),
    "pushes": ("pushes", _WHOLE),
    "baseline_progress": ("baseline_progress", _REAL),
}
_RISK = {
    "id": ("id", _TEXT),
    "rule": ("rule", _TEXT),
    "scope": ("scope", _TEXT),
    "title": ("title", _TEXT),
    "probability": ("probability", _WHOLE),
    "impact": ("impact", _WHOLE),
    "score": ("score", _WHOLE),
    "band": ("band", _TEXT),
    "owner": ("owner", _TEXT),
    "level": ("level", _TEXT),
    "exposure_days": ("exposure_days", _REAL),
    "exposure_money": ("exposure_money", _REAL),
    "proximity": ("proximity", _DAY),
    "roam": ("roam", _TEXT),
    "first_seen": ("first_seen", _DAY),
    "change": ("change", _TEXT),
}
_GATE = {
    "scope": ("scope", _TEXT),
    "name": ("name", _TEXT),
    "date": ("on", _DAY),
    "owner": ("owner", _TEXT),
    "remaining": ("remaining", _WHOLE),
    "probability": ("probability", _REAL),
    "p85": ("p85", _DAY),
    "level": ("level", _TEXT),
}
_SOURCE = {
    "connection": ("connection", _TEXT),
    "container": ("container", _TEXT),
    "last_success_at": ("last_success_at", _INSTANT),
    "error": ("error", _TEXT),
    "found_by_reconcile": ("found_by_reconcile", _WHOLE),
    "hidden": ("hidden", _WHOLE),
    "quarantined": ("quarantined", _WHOLE),
}


_OF_SNAPSHOTS = {
    "v_program_status": ("programs", _GROUP),
    "v_product_status": ("products", _GROUP),
    "v_project_status": ("projects", _PROJECT),
    "v_risks": ("risks", _RISK),
    "v_gates": ("gates", _GATE),
    "v_sources": ("sources", _SOURCE),
}
"""Views with a row for each element of a list in each snapshot, by the paths in it."""

_ITEM_COLUMNS = (
    *("kind", "hierarchy_level", "status_category", "state", "parent_uid", "due_date"),
    *("created_at", "updated_at", "done_at", "restricted"),
)
_ITEM_PATHS = {
    "type": ("native_type", _TEXT),
    "status": ("native_status", _TEXT),
    "backlog": ("backlog", _TRUTH),
    "resolution": ("resolution", _TEXT),
    "priority": ("priority", _WHOLE),
    "start_date": ("start_date", _DAY),
    "started_at": ("started_at", _INSTANT),
}


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    for name, (part, columns) in _OF_SNAPSHOTS.items():
        op.execute(_of_snapshots(name, part, columns, postgres=postgres))
    op.execute(_items(postgres=postgres))
    op.execute(
        "CREATE VIEW v_editions AS SELECT audience, edition, version, as_of, snapshot_id AS "
        "snapshot, subject, correction, published_at FROM editions"
    )


def downgrade() -> None:
    for name in ("v_editions", "v_items", *_OF_SNAPSHOTS):
        op.execute(f"DROP VIEW {name}")


def _of_snapshots(
    name: str, part: str, columns: Mapping[str, tuple[str, str]], *, postgres: bool
) -> str:
    newest = "SELECT id FROM snapshots ORDER BY as_of DESC, created_at DESC LIMIT 1"
    common = {"snapshot": "s.id", "as_of": "s.as_of", "sort": "s.sort"}
    values = {
        column: _value("part.value", *found, postgres=postgres) for column, found in columns.items()
    }
    every = common | {"is_latest": f"s.id = ({newest})"} | values
    parts = (
        f"CROSS JOIN LATERAL json_array_elements(s.payload -> '{part}') AS part(value)"
        if postgres
        else f"JOIN json_each(s.payload, '$.{part}') AS part"
    )
    return _view(name, every, f"snapshots AS s {parts}")


def _items(*, postgres: bool) -> str:
    def told(column: str, instead: str) -> str:
        """Restricted items keep it to themselves."""
        value = _value("i.payload", column, _TEXT, postgres=postgres)
        return f"CASE WHEN i.restricted THEN {instead} ELSE {value} END"

    columns = {
        "uid": "i.uid",
        "connection": "i.connection",
        "key": told("key", "NULL"),
        "url": told("url", "NULL"),
        "title": told("title", "'restricted item'"),
        "container": "i.connection || ':' || i.container",
        **{name: f"i.{name}" for name in _ITEM_COLUMNS},
        **{
            name: _value("i.payload", *found, postgres=postgres)
            for name, found in _ITEM_PATHS.items()
        },
        **{name: f"v.{name}" for name in ("level", "leaning", "confidence", "decided_by")},
    }
    return _view("v_items", columns, "items AS i LEFT JOIN verdicts AS v ON v.item_uid = i.uid")


def _view(name: str, columns: Mapping[str, str], tables: str) -> str:
    listed = ", ".join(f'{value} AS "{column}"' for column, value in columns.items())
    return f"CREATE VIEW {name} AS SELECT {listed} FROM {tables}"  # noqa: S608  our own names


def _value(document: str, path: str, kind: str, *, postgres: bool) -> str:
    """What stands at a path of a JSON document; an empty text is none."""
    if not postgres:
        found = f"json_extract({document}, '$.{path}')"
        return f"NULLIF({found}, '')" if kind == _TEXT else found
    found = f"NULLIF({document} #>> '{{{path.replace('.', ',')}}}', '')"
    return found if kind == _TEXT else f"CAST({found} AS {kind})"
