"""The configuration as the domain sees it: a `Portfolio` and the `Statements` of its door."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Final

from syncer.domain.portfolio import (
    Benefit,
    Budget,
    ClassificationRule,
    Freeze,
    Person,
    Portfolio,
    Product,
    Program,
    Project,
    Split,
    Team,
)
from syncer.domain.ref import ContainerKey
from syncer.domain.release import CustomerMarks, GateState, Release, ReleaseGate
from syncer.domain.selector import InContainer, Selector
from syncer.errors import ConfigError
from syncer.settings.portfolio_models import ProgramSettings, ProjectSettings
from syncer.settings.product_models import (
    CustomersSettings,
    ProductSettings,
    ReleaseGateSettings,
    ReleaseSettings,
)
from syncer.settings.root import Settings

_HOLIDAY_YEARS: Final = range(2000, 2061)


def to_portfolio(
    settings: Settings, containers: Mapping[ContainerKey, str] | None = None
) -> Portfolio:
    """The configured work; `containers` are those that the store knows, with their names.

    A container that a program splits by name, or that a program or product lists as
    `<connection>:<container>`, becomes a project here. What other splits make, and containers that
    nobody claims, become projects in the roll-up, which knows the items.
    """
    known = dict(containers or {})
    projects = [_project(project) for project in settings.projects]
    projects += [_of_container(key, known, settings) for key in _made(settings, known)]
    return Portfolio(
        projects=tuple(projects),
        programs=tuple(_program(program, known, settings) for program in settings.programs),
        products=tuple(_product(product, settings) for product in settings.products),
        teams=tuple(
            Team(key=team.key, name=team.name or team.key, items=team.items)
            for team in settings.teams
        ),
        people=tuple(
            Person(name=person.name, email=person.email, accounts=person.accounts)
            for person in settings.people
        ),
        rules=tuple(
            ClassificationRule(select=rule.select, level=rule.level)
            for rule in settings.classification
        ),
        holidays=holidays_of(settings),
        freezes=tuple(
            Freeze(first=freeze.first, last=freeze.last, capacity=freeze.capacity)
            for freeze in settings.freezes
        ),
        timezone=settings.service.timezone,
        currency=settings.service.currency,
    )


def _project(project: ProjectSettings) -> Project:
    return Project(
        key=project.key,
        name=project.name or project.key,
        items=project.items,
        excluding=project.excluding,
        owner=project.owner,
        team=project.team,
        kind=project.kind,
        state=project.state,
        start=project.start,
        target=project.target,
        criticality=project.criticality,
        weight=project.weight,
        contractual=project.contractual,
        external=project.external,
        cost_of_delay_per_week=project.cost_of_delay_per_week,
        progress=project.progress,
    )


def _of_container(
    key: ContainerKey, containers: Mapping[ContainerKey, str], settings: Settings
) -> Project:
    return Project(
        key=_key_of(str(key), settings),
        name=containers.get(key) or key.key,
        items=(InContainer(str(key)),),
        implicit=True,
    )


def _key_of(name: str, settings: Settings) -> str:
    """A project's key; of a container `<connection>:<container>` the latter, where it is free."""
    container = name.partition(":")[2]
    taken = {project.key for project in settings.projects}
    return container if container and container not in taken else name


def _made(settings: Settings, containers: Iterable[ContainerKey]) -> list[ContainerKey]:
    """The containers that are projects because a program or product says so."""
    listed = [program.projects for program in settings.programs]
    listed += [product.projects for product in settings.products]
    named = (name.partition(":") for names in listed for name in names)
    wanted = {ContainerKey(connection, key) for connection, colon, key in named if colon}
    known = list(containers)
    wanted.update(key for program in settings.programs for key in _split(program, known))
    return sorted(wanted)


def _split(program: ProgramSettings, containers: Iterable[ContainerKey]) -> list[ContainerKey]:
    if program.split != "container":
        return []
    globs = [_container_glob(selector) for selector in program.items]
    return [key for key in sorted(containers) if any(fnmatchcase(str(key), g) for g in globs)]


def _container_glob(selector: Selector) -> str:
    """The containers of a selector; one that is not about containers picks none."""
    return selector.pattern if isinstance(selector, InContainer) else ""


def _program(
    program: ProgramSettings, containers: Iterable[ContainerKey], settings: Settings
) -> Program:
    names = (*program.projects, *map(str, _split(program, containers)))
    return Program(
        key=program.key,
        name=program.name or program.key,
        projects=tuple(dict.fromkeys(_key_of(name, settings) for name in names)),
        objective=program.objective,
        owner=program.owner,
        sponsor=program.sponsor,
        target=program.target,
        benefits=tuple(Benefit(**benefit.model_dump()) for benefit in program.benefits),
        budget=Budget(**program.budget.model_dump()) if program.budget else None,
        items=program.items,
        split=Split(program.split) if program.split else None,
        strategic=program.strategic,
    )


def _product(product: ProductSettings, settings: Settings) -> Product:
    return Product(
        key=product.key,
        name=product.name or product.key,
        projects=tuple(_key_of(name, settings) for name in product.projects),
        owner=product.owner,
        vision=product.vision,
        customers=_customers(product.customers),
        bugs=product.bugs,
        releases=tuple(_release(one) for one in settings.releases if one.product == product.key),
        benefits=tuple(Benefit(**benefit.model_dump()) for benefit in product.benefits),
    )


def _customers(marks: CustomersSettings) -> CustomerMarks:
    return CustomerMarks(
        labels=marks.labels,
        fields=marks.fields,
        told=marks.told,
        weights=tuple(sorted(marks.weights.items())),
    )


def _release(release: ReleaseSettings) -> Release:
    return Release(
        name=release.name,
        on=release.on,
        items=release.items,
        must=release.must,
        must_fix=release.must_fix,
        gates=tuple(map(_release_gate, release.gates)),
        released=release.released,
    )


def _release_gate(gate: ReleaseGateSettings) -> ReleaseGate:
    return ReleaseGate(
        function=gate.function,
        state=gate.state or GateState.UNSAID,
        must=gate.must,
        by=gate.by,
        on=gate.on,
        until=gate.until,
        reason=gate.reason,
        item=gate.item,
    )


def holidays_of(settings: Settings) -> frozenset[date]:
    """The configured holidays as dates.

    `ConfigError` where a country is named and the extra `i18n` is missing or does
    not know it.
    """
    days: set[date] = set()
    for index, holiday in enumerate(settings.service.holidays):
        if isinstance(holiday, date):
            days.add(holiday)
        else:
            place = settings.place("service", "holidays", index)
            days.update(_country(holiday, str(place)))
    return frozenset(days)


def _country(code: str, place: str) -> Iterable[date]:
    country, _, region = code.partition("-")
    try:
        package = importlib.import_module("holidays")
    except ImportError:
        raise ConfigError(
            f"{place}: the holidays of {code} are known only with an extra.",
            fix="Install program-syncer[i18n], or list the dates.",
        ) from None
    try:
        known = package.country_holidays(country, subdiv=region or None, years=_HOLIDAY_YEARS)
    except NotImplementedError:
        raise ConfigError(
            f"{place}: nobody knows the holidays of {code}.", fix="List the dates."
        ) from None
    return list(known)
