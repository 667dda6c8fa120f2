"""What one Jira site is like: its statuses, types, fields, link types, priorities and zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from zoneinfo import ZoneInfo

from connectors.jira.mapping.known import Memory
from connectors.jira.mapping.status import category_of_key
from connectors.jira.rules import FieldRole, Rules, fold
from connectors.jira.sent import Customs
from connectors.jira.wire import FieldInfo, IssueType, LinkType, Named, Status
from syncer.domain.item import StatusCategory
from syncer.domain.unread import CUSTOMERS, MUST_HAVE, custom_name

_STANDARD_PRIORITIES = {
    "blocker": 0, "highest": 0, "critical": 1, "high": 1, "major": 2, "medium": 2,
    "minor": 3, "low": 3, "trivial": 4, "lowest": 4,
}  # fmt: skip
_LOWEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All that the mapping of an issue needs to know beside the issue.

    `zone` is the account's own, None if unknown. `categories` and `status_names` are by status id,
    `named_categories` by the folded name of a status where all statuses of that name agree;
    `roles` by field id, `field_ids` by role, best first; `custom_ids` by the name that selectors
    use. `missing_fields` are configured ones that the site does not have, `unread_tables` the
    site's tables that could not be read, and `missing_detail` names both; `unread` names what no
    issue tells therefore. `parts` is what it was made of, and `known` what its issues said before.
    """

    connection: str
    url: str
    zone: tzinfo | None = None
    rules: Rules = field(default_factory=Rules)
    categories: Mapping[str, StatusCategory] = field(default_factory=dict)
    status_names: Mapping[str, str] = field(default_factory=dict)
    named_categories: Mapping[str, StatusCategory] = field(default_factory=dict)
    types: Mapping[str, IssueType] = field(default_factory=dict)
    link_types: tuple[LinkType, ...] = ()
    priorities: Mapping[str, int] = field(default_factory=dict)
    field_ids: Mapping[FieldRole, tuple[str, ...]] = field(default_factory=dict)
    roles: Mapping[str, FieldRole] = field(default_factory=dict)
    custom_ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    must_field_ids: tuple[str, ...] = ()
    customer_field_ids: tuple[str, ...] = ()
    missing_fields: tuple[str, ...] = ()
    unread_tables: tuple[str, ...] = ()
    missing_detail: tuple[str, ...] = ()
    unread: Mapping[str, None] = field(default_factory=dict)
    parts: SiteParts | None = field(default=None, compare=False, repr=False)
    customs: Customs = field(init=False, compare=False, repr=False)
    known: Memory = field(default_factory=Memory, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Get ready to read the site's own fields."""
        object.__setattr__(self, "customs", Customs(self.wanted_ids))

    @property
    def wanted_ids(self) -> tuple[str, ...]:
        """The fields that the mapping reads by their ids, each once."""
        every = (
            *(one for ids in self.field_ids.values() for one in ids),
            *(one for ids in self.custom_ids.values() for one in ids),
            *self.must_field_ids,
            *self.customer_field_ids,
            "flagged",
        )
        return tuple(dict.fromkeys(every))

    def ids_of(self, role: FieldRole) -> tuple[str, ...]:
        """The ids of the fields that play a role, best first."""
        return self.field_ids.get(role, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The site's own tables as it sent them."""

    statuses: Sequence[Status] = ()
    types: Sequence[IssueType] = ()
    fields: Sequence[FieldInfo] = ()
    link_types: Sequence[LinkType] = ()
    priorities: Sequence[Named] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteParts:
    """What a site is made of, so that another process can make the same; `zone` by its name."""

    connection: str
    url: str
    zone: str
    rules: Rules
    tables: Tables


def site_from(parts: SiteParts) -> Site:
    """The site made of such parts."""
    return site_of(
        parts.tables,
        connection=parts.connection,
        url=parts.url,
        zone=zone_named(parts.zone),
        rules=parts.rules,
    )


def site_of(
    tables: Tables, *, connection: str, url: str, zone: tzinfo | None, rules: Rules
) -> Site:
    """The site as its tables and the connection's rules describe it."""
    parts = SiteParts(
        connection=connection, url=url, zone=str(zone or ""), rules=rules, tables=tables
    )
    customs = {
        name: field_ids(tables.fields, (wanted,)) for name, wanted in rules.custom_fields.items()
    }
    must = field_ids(tables.fields, (rules.must_field,)) if rules.must_field else ()
    by_role = {role: field_ids(tables.fields, names) for role, names in rules.fields.items()}
    customers = {name: field_ids(tables.fields, (name,)) for name in rules.customer_fields}
    missing = _missing(customs, customers, {rules.must_field: must})
    return Site(
        parts=parts,
        connection=connection,
        url=url,
        zone=zone,
        rules=rules,
        categories={s.id: category_of_key(s.category) for s in tables.statuses},
        status_names={s.id: s.name or "" for s in tables.statuses},
        named_categories=_by_name(tables.statuses),
        types={t.id: t for t in tables.types},
        link_types=tuple(tables.link_types),
        priorities=_ranks(tables.priorities),
        field_ids=by_role,
        roles={one: role for role, ids in by_role.items() for one in ids},
        custom_ids=customs,
        must_field_ids=must,
        customer_field_ids=tuple(id_ for ids in customers.values() for id_ in ids),
        missing_fields=missing,
        unread_tables=tables.missing,
        missing_detail=(*tables.missing, *(f"field {name}" for name in missing)),
        unread=dict.fromkeys(_unread(customs=customs, customers=customers, must=must, rules=rules)),
    )


def _by_name(statuses: Iterable[Status]) -> dict[str, StatusCategory]:
    found: dict[str, set[StatusCategory]] = {}
    for status in statuses:
        found.setdefault(fold(status.name or ""), set()).add(category_of_key(status.category))
    return {name: every.pop() for name, every in found.items() if len(every) == 1}


def zone_named(name: str) -> tzinfo | None:
    """The zone of an IANA name, None if there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def field_ids(fields: Iterable[FieldInfo], wanted: Sequence[str]) -> tuple[str, ...]:
    """The ids of the fields that are wanted, in the order of the wishes.

    A wish is a field id, the key of a custom field type, or a name in any case; several fields
    may bear one name, since every team-managed project brings its own.
    """
    known = list(fields)
    found = [one.id for wish in wanted for one in known if _is_wanted(one, wish)]
    return tuple(dict.fromkeys(found))


def _is_wanted(one: FieldInfo, wish: str) -> bool:
    if wish == one.id or (one.schema_ is not None and wish == one.schema_.custom):
        return True
    names = (one.name, one.untranslated_name)
    return any(name is not None and fold(name) == fold(wish) for name in names)


def _missing(*found: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(name for every in found for name, ids in every.items() if name and not ids)


def _unread(
    *,
    customs: Mapping[str, tuple[str, ...]],
    customers: Mapping[str, tuple[str, ...]],
    must: tuple[str, ...],
    rules: Rules,
) -> Iterator[str]:
    yield from (custom_name(name) for name, ids in customs.items() if not ids)
    if any(not ids for ids in customers.values()):
        yield CUSTOMERS
    if rules.must_field and not must:
        yield MUST_HAVE


def _ranks(priorities: Sequence[Named]) -> dict[str, int]:
    """0 (highest) to 4 by the order in which the site lists its priorities, highest first."""
    last = len(priorities) - 1
    if last < 1:
        return {p.id: standard_rank(p.name) or 2 for p in priorities}
    return {p.id: round(index * _LOWEST / last) for index, p in enumerate(priorities)}


def standard_rank(name: str | None) -> int | None:
    """The rank of Jira's own priorities by name, None for others."""
    return _STANDARD_PRIORITIES.get(fold(name)) if name else None
