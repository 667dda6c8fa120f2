"""Names that tables use for each other: every one must exist, once.

This reads the raw tables, not the checked ones, so that a wrong name is told together with
everything else that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from syncer.settings.faults import Fault, Places, dotted, nearest_or_all, place_of
from syncer.settings.positions import KeyPath

_IDENTITIES: Final = {
    "connections": "name",
    "teams": "key",
    "people": "name",
    "projects": "key",
    "programs": "key",
    "products": "key",
    "audiences": "key",
}
_SCOPES: Final = {"prog": "programs", "proj": "projects", "prod": "products", "team": "teams"}
_SCOPED: Final = ("gates", "decisions", "risks", "risk_responses", "statuses", "baselines")
_GROUPS: Final = ("programs", "products")
_SELECTING: Final = (
    ("teams", "items"),
    ("projects", "items"),
    ("projects", "except"),
    ("programs", "items"),
    ("gates", "items"),
    ("products", "bugs"),
    ("releases", "items"),
    ("releases", "must"),
    ("releases", "must_fix"),
    ("classification", "select"),
)

Data = Mapping[str, Any]


def reference_faults(data: Data, places: Places) -> list[Fault]:
    """A fault for each key that is given twice and each name that nothing bears."""
    checker = _Checker(data, places)
    checker.run()
    return checker.faults


def scope_of(text: str, keys: Mapping[str, frozenset[str]]) -> str:
    """The full scope (`proj:network`) of a full or bare one; `ValueError` says why there is none.

    `keys` holds the known keys under `prog`, `proj`, `prod` and `team`. A team has no colour, so
    a bare key means a team only where nothing else bears it. `<connection>:<container>` means
    the project that an unclaimed container is by itself.
    """
    if text == "portfolio":
        return text
    word, colon, key = text.partition(":")
    if colon and word in keys:
        return _known_scope(word, key, keys[word])
    if colon:
        return _container_scope(text, keys["proj"])
    found = [f"{kind}:{text}" for kind, known in keys.items() if text in known]
    found = [scope for scope in found if not scope.startswith("team:")] or found
    if len(found) > 1:
        raise ValueError(f"{text!r} can mean {' or '.join(found)}. Write which one.")
    if not found:
        every = {key for known in keys.values() for key in known}
        near = nearest_or_all(text, every)
        raise ValueError(f"there is no program, project, product or team {text!r}. {near}")
    return found[0]


def _known_scope(word: str, key: str, known: frozenset[str]) -> str:
    if key in known:
        return f"{word}:{key}"
    if word == "proj" and ":" in key:
        return _container_scope(key, known)
    near = nearest_or_all(key, known)
    raise ValueError(f"there is no {_SCOPES[word].removesuffix('s')} {key!r}. {near}")


def _container_scope(name: str, projects: frozenset[str]) -> str:
    return f"proj:{name}" if name in projects else f"proj:{name.partition(':')[2]}"


class _Checker:
    """Walks the raw tables once."""

    def __init__(self, data: Data, places: Places) -> None:
        self._data = data
        self._places = places
        self._names = {section: self._named(section) for section in _IDENTITIES}
        self.faults: list[Fault] = []

    def run(self) -> None:
        """Check everything; the faults are in `faults` afterwards."""
        for section, identity in _IDENTITIES.items():
            self._unique(section, identity)
        self._members()
        self._teams()
        self._releases()
        self._scopes()
        self._audiences()
        self._connections()

    def _tables(self, section: str) -> Iterator[tuple[KeyPath, Data]]:
        tables = self._data.get(section)
        for index, table in enumerate(tables if isinstance(tables, list) else []):
            if isinstance(table, Mapping):
                yield (section, index), table

    def _named(self, section: str) -> frozenset[str]:
        names = (table.get(_IDENTITIES[section]) for _, table in self._tables(section))
        return frozenset(name for name in names if isinstance(name, str))

    def _fault(self, path: KeyPath, message: str, fix: str = "") -> None:
        place = place_of(path, self._places)
        self.faults.append(Fault(message=message, place=place, key=dotted(path), fix=fix))

    def _unique(self, section: str, identity: str) -> None:
        first: dict[str, KeyPath] = {}
        for path, table in self._tables(section):
            name = table.get(identity)
            if isinstance(name, str) and first.setdefault(name, path) != path:
                place = place_of((*first[name], identity), self._places)
                message = f"{name!r} is defined twice; the first is at {place}."
                self._fault((*path, identity), message, "Rename or remove one of the two.")

    def _known(self, path: KeyPath, name: object, section: str) -> None:
        if isinstance(name, str) and name not in self._names[section]:
            singular = section.removesuffix("s")
            near = nearest_or_all(name, self._names[section])
            self._fault(path, f"there is no {singular} {name!r}.", near)

    def _members(self) -> None:
        for section in _GROUPS:
            for path, table in self._tables(section):
                for index, name in enumerate(_list(table.get("projects"))):
                    if isinstance(name, str) and ":" in name:
                        self._connection((*path, "projects", index), name)
                    else:
                        self._known((*path, "projects", index), name, "projects")

    def _teams(self) -> None:
        for path, table in self._tables("projects"):
            if table.get("team"):
                self._known((*path, "team"), table["team"], "teams")

    def _releases(self) -> None:
        first: dict[tuple[str, str], KeyPath] = {}
        for path, table in self._tables("releases"):
            product, name = table.get("product"), table.get("name")
            self._known((*path, "product"), product, "products")
            for index, gate in enumerate(_list(table.get("gates"))):
                if isinstance(gate, Mapping):
                    self._connection((*path, "gates", index, "item"), gate.get("item"))
            if not (isinstance(product, str) and isinstance(name, str)):
                continue
            if first.setdefault((product, name), path) != path:
                place = place_of((*first[product, name], "name"), self._places)
                message = f"the release {name!r} is defined twice; the first is at {place}."
                self._fault((*path, "name"), message, "Rename or remove one of the two.")

    def _scopes(self) -> None:
        keys = {word: self._names[section] for word, section in _SCOPES.items()}
        for section in _SCOPED:
            for path, table in self._tables(section):
                scope = table.get("scope")
                if isinstance(scope, str) and scope:
                    self._scope((*path, "scope"), scope, keys)
                    self._connection((*path, "scope"), _container_in(scope))

    def _scope(self, path: KeyPath, scope: str, keys: Mapping[str, frozenset[str]]) -> None:
        try:
            scope_of(scope, keys)
        except ValueError as error:
            self._fault(path, str(error))

    def _audiences(self) -> None:
        for path, table in self._tables("audiences"):
            for section in _GROUPS:
                for index, pattern in enumerate(_list(table.get(section))):
                    if isinstance(pattern, str) and not set(pattern) & set("*?["):
                        self._known((*path, section, index), pattern, section)
        self._made_keys()

    def _made_keys(self) -> None:
        """`for_each` makes audiences `<key>-<program>`: no other may be called so."""
        first: dict[str, tuple[KeyPath, bool]] = {}
        for path, table in self._tables("audiences"):
            made = table.get("for_each") in {"program", "product"}
            for key in self._keys_of(table):
                other, other_made = first.setdefault(key, (path, made))
                if other != path and (made or other_made):
                    place = place_of((*other, "key"), self._places)
                    message = f"there would be two audiences {key!r}; the other is that of {place}."
                    fix = "Rename one: for_each adds the key of each program or product."
                    self._fault((*path, "key"), message, fix)

    def _keys_of(self, table: Data) -> list[str]:
        """The keys of the audiences that a table makes."""
        key, each = table.get("key"), table.get("for_each")
        if not isinstance(key, str):
            return []
        if each not in {"program", "product"}:
            return [key]
        globs = [glob for glob in _list(table.get(f"{each}s", ["*"])) if isinstance(glob, str)]
        groups = sorted(self._names[f"{each}s"])
        return [f"{key}-{one}" for one in groups if any(fnmatchcase(one, g) for g in globs)]

    def _connections(self) -> None:
        for section, key in _SELECTING:
            for path, table in self._tables(section):
                for index, selector in enumerate(_list(table.get(key))):
                    self._selector((*path, key, index), selector)
        for path, table in self._tables("projects"):
            target = table.get("target")
            for key in ("from", "version", "milestone"):
                if isinstance(target, Mapping) and isinstance(target.get(key), str):
                    self._connection((*path, "target", key), target[key])
        for path, table in self._tables("people"):
            for index, account in enumerate(_list(table.get("accounts"))):
                self._connection((*path, "accounts", index), account)

    def _selector(self, path: KeyPath, selector: object) -> None:
        if isinstance(selector, str):
            self._connection(path, selector)
        elif isinstance(selector, Mapping):
            for key in ("under", "version"):
                self._connection((*path, key), selector.get(key))
            if "jql" in selector:
                self._known((*path, "connection"), selector.get("connection"), "connections")

    def _connection(self, path: KeyPath, text: object) -> None:
        if not isinstance(text, str) or ":" not in text:
            return
        name = text.partition(":")[0]
        known = self._names["connections"]
        if not any(fnmatchcase(one, name) for one in known):
            near = nearest_or_all(name, known)
            self._fault(path, f"there is no connection {name!r}.", near)


def _container_in(scope: str) -> str:
    """The `<connection>:<container>` that a scope names, or nothing."""
    name = scope.removeprefix("proj:")
    return "" if name.partition(":")[0] in _SCOPES else name


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
