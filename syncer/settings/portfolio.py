"""The configuration as the domain sees it: a `Portfolio` and the `Statements` of its door."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Final

from syncer.domain.portfolio import (
    Benefit,
    ClassificationRule,
    Freeze,
    Person,
    Portfolio,
    Product,
    Program,
    Project,
    Team,
)
from syncer.domain.ref import ContainerKey
from syncer.domain.selector import InContainer, InVersion, Selector, WithLabel
from syncer.errors import ConfigError
from syncer.settings.portfolio_models import ProductSettings, ProgramSettings, ProjectSettings
from syncer.settings.root import Settings

_HOLIDAY_YEARS: Final = range(2000, 2061)


def to_portfolio(
    settings: Settings, containers: Mapping[ContainerKey, str] | None = None
) -> Portfolio:
    """The configured work, over the containers that the store knows (key to name).

    A container that no project claims is an implicit project of its own, called
    `<connection>:<container>`; so is every container that a program's `split` picks.
    """
    known = dict(containers or {})
    projects = [_project(project) for project in settings.projects]
    projects += _implicit(settings, projects, known)
    return Portfolio(
        projects=tuple(projects),
        programs=tuple(_program(program, known) for program in settings.programs),
        products=tuple(_product(product) for product in settings.products),
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
        cost_of_delay_per_week=project.cost_of_delay_per_week,
    )


def _implicit(
    settings: Settings, projects: Sequence[Project], containers: Mapping[ContainerKey, str]
) -> Iterator[Project]:
    claims = [selector for project in projects for selector in project.items]
    wanted = set(_named_containers(settings))
    wanted.update(key for key in containers if not _claimed(key, claims))
    wanted.update(key for program in settings.programs for key in _split(program, containers))
    for key in sorted(wanted):
        name = containers.get(key) or key.key
        yield Project(key=str(key), name=name, items=(InContainer(str(key)),), implicit=True)


def _named_containers(settings: Settings) -> Iterator[ContainerKey]:
    """Containers that a program or product lists by name among its projects."""
    listed = [program.projects for program in settings.programs]
    listed += [product.projects for product in settings.products]
    for names in listed:
        for name in names:
            connection, colon, container = name.partition(":")
            if colon:
                yield ContainerKey(connection, container)


def _claimed(key: ContainerKey, claims: Iterable[Selector]) -> bool:
    return any(_claims(selector, str(key)) for selector in claims)


def _claims(selector: Selector, container: str) -> bool:
    match selector:
        case InContainer(pattern):
            return fnmatchcase(container, pattern)
        case InVersion(pattern):
            return fnmatchcase(container, pattern.rpartition("/")[0])
        case _:
            return False


def _split(program: ProgramSettings, containers: Iterable[ContainerKey]) -> list[ContainerKey]:
    return [key for key in sorted(containers) if program.split and _claimed(key, program.items)]


def _program(program: ProgramSettings, containers: Iterable[ContainerKey]) -> Program:
    made = (str(key) for key in _split(program, containers))
    return Program(
        key=program.key,
        name=program.name or program.key,
        projects=tuple(dict.fromkeys((*program.projects, *made))),
        objective=program.objective,
        owner=program.owner,
        sponsor=program.sponsor,
        target=program.target,
        benefits=tuple(Benefit(**benefit.model_dump()) for benefit in program.benefits),
    )


def _product(product: ProductSettings) -> Product:
    return Product(
        key=product.key,
        name=product.name or product.key,
        projects=product.projects,
        owner=product.owner,
        vision=product.vision,
        customers=tuple(WithLabel(label) for label in product.customers.labels),
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
