"""Every query of the connector fits the vendor's schema, and weighs what Linear allows.

The schema is the vendor's, github.com/linear/linear, packages/sdk/src/schema.graphql, and no part
of this repository: where it is not at hand the tests that need it are skipped.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values

from connectors.linear import queries
from connectors.linear.hooks import RESOURCES
from connectors.linear.listing import TEAM, WORKSPACE
from connectors.linear.mapping.site import Kind
from connectors.linear.queries import Query
from connectors.linear.simulator_gql import MOST_COMPLEX, Refused
from connectors.linear.simulator_graphql import answering
from connectors.linear.simulator_index import Index
from connectors.linear.simulator_site import Site
from tests.connectors.linear.small_linear import Still, config_for, small_world

IDS = ["9cfb482a-81e3-4154-b5b9-2c805e70a02d", "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9"]


@cache
def loaded(path: Path) -> GraphQLSchema:
    return build_schema(gzip.decompress(path.read_bytes()).decode())


@pytest.fixture
def schema(shared_data: Path) -> GraphQLSchema:
    return loaded(shared_data / "api-descriptions" / "linear.schema.graphql.gz")


def every_query(size: int = 100, details: int = 25) -> Iterator[tuple[str, Query]]:
    """Each query that the connector makes, with variables as it sends them."""
    yield "account", queries.account()
    yield "teams", queries.teams(None)
    yield "some teams", queries.teams("cursor", ["ENG"])
    for kind in (*TEAM, *WORKSPACE):
        since = {
            "updatedAt": {"gte": "2026-11-23T12:00:00.000Z", "lte": "2026-11-24T12:00:00.000Z"}
        }
        filter_ = queries.within(kind, "ENG") | since
        yield (
            f"changed {kind}s",
            queries.changed(kind, filter_=filter_, owner="ENG", size=size, after=None),
        )
        yield f"every {kind}", queries.every(kind, owner="ENG", size=250, after="cursor")
        yield f"details of {kind}s", queries.details(kind, (IDS * details)[:details])
    for kind in WORKSPACE:
        yield f"reports on {kind}s", queries.reports(kind, None)
    for part in queries.PARTS:
        yield f"more {part}", queries.more(part, IDS[0], "cursor")
    yield "webhooks", queries.webhooks(None)
    hook = {"url": "https://hooks.example.com/hooks/x", "secret": "made-up", "enabled": True}
    made = hook | {"resourceTypes": list(RESOURCES), "label": "syncer"}
    yield "a new webhook", queries.add_webhook(made | {"allPublicTeams": True})
    yield "a new webhook of a team", queries.add_webhook(made | {"teamId": IDS[0]})
    yield (
        "a changed webhook",
        queries.change_webhook(IDS[0], hook | {"resourceTypes": list(RESOURCES)}),
    )
    every = ("users", "states", "labels", "teams")
    yield "names", queries.names(dict.fromkeys(every, IDS * 50))
    for what in every:
        yield f"names of {what}", queries.names({what: IDS})


EVERY = [pytest.param(name, query, id=name) for name, query in every_query()]


def variable_names(query: Query) -> set[str]:
    (definition,) = parse(query.text).definitions
    assert isinstance(definition, OperationDefinitionNode)
    return {one.variable.name.value for one in definition.variable_definitions or ()}


@pytest.mark.parametrize(("name", "query"), EVERY)
def test_every_query_fits_the_schema(name: str, query: Query, schema: GraphQLSchema) -> None:
    document = parse(query.text)
    assert validate(schema, document) == [], name
    (definition,) = document.definitions
    assert isinstance(definition, OperationDefinitionNode)
    told = get_variable_values(
        schema, tuple(definition.variable_definitions or ()), query.variables
    )
    assert not isinstance(told, list), told
    assert variable_names(query) == set(query.variables)


def test_a_field_that_linear_does_not_know_is_found_out(schema: GraphQLSchema) -> None:
    wrong = Query("query { issues(first: 1) { nodes { id colour } } }", {})
    assert validate(schema, parse(wrong.text))


def weigher() -> Site:
    world = small_world()
    return Site(index=Index(world, Still().now(), {"RAN"}), base="https://linear.app")


@pytest.mark.parametrize(("name", "query"), EVERY)
def test_every_query_is_answered_and_weighs_less_than_linear_allows(
    name: str, query: Query
) -> None:
    """The simulated Linear knows the same fields, and reckons as the vendor says it does."""
    weight = answering(weigher(), query.variables).weight(query.text)
    assert 0 < weight < MOST_COMPLEX / 3, name


def test_the_usual_sizes_are_those_that_are_configured() -> None:
    config = config_for("https://linear.app")
    assert (config.page_size, config.details_a_query) == (queries.USUAL_PAGE, 25)


@pytest.mark.parametrize(
    "text",
    [
        "query { issues(first: 1) { nodes { id colour } } }",
        "query { issues(first: 1, colour: 2) { nodes { id } } }",
        "query { issues(first: 1) { id } }",
        "query { issues(first: 251) { nodes { id } } }",
        "query { issues(first: 1) { nodes { team } } }",
        "query { issues(first: 1, ",
        "query { moons { nodes { id } } }",
    ],
)
def test_the_simulator_refuses_what_its_schema_does_not_know(text: str) -> None:
    with pytest.raises(Refused):
        answering(weigher(), {}).answer(text)


def test_heavy_queries_are_refused_as_too_complex() -> None:
    query = queries.details(Kind.ISSUE, IDS * 120)
    with pytest.raises(Refused, match="too complex"):
        answering(weigher(), query.variables).answer(query.text)
