from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.jira.connector import JiraConnector
from syncer.connect.config import ConnectionConfig
from syncer.connect.origin import Origin
from syncer.connect.paging import TokenChain
from syncer.connect.protocol import Connector
from syncer.connect.registry import connector_class, installed_kinds, simulator_class
from syncer.errors import BadPayload, ConfigError, Rejected


def test_the_jira_connector_is_found_by_its_kind() -> None:
    built_in: type[Connector] = JiraConnector
    assert connector_class("jira") is built_in
    assert "jira" in installed_kinds()


def test_an_unknown_kind_is_told_the_installed_ones() -> None:
    with pytest.raises(ConfigError, match="connector of kind 'jra'") as refused:
        connector_class("jra")
    assert "jira" in refused.value.fix
    with pytest.raises(ConfigError, match="simulator of kind 'jra'"):
        simulator_class("jra")


@pytest.mark.parametrize(
    "url",
    [
        "acme.atlassian.net",
        "ftp://acme",
        "https://",
        "https://user:pw@acme",
        "https://acme/?x=1",
        "https://acme/#top",
        "https://[acme",
        "https://acme:port",
        "",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        Origin.of(url)


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        ("https://acme/jira/", "/rest/x", "https://acme/jira/rest/x"),
        ("https://acme", "https://acme:443/y", "https://acme:443/y"),
        ("http://acme:8080", "http://acme:8080/y?z=1", "http://acme:8080/y?z=1"),
    ],
)
def test_paths_and_references_of_the_origin(base: str, reference: str, expected: str) -> None:
    assert Origin.of(base).absolute(reference) == expected


@pytest.mark.parametrize(
    "reference",
    [
        "http://acme/x",
        "https://acme.evil.example/x",
        "https://acme@evil.example/x",
        "https://acme:8443/x",
        "//evil.example",
        "https://acme:99999/",
        "javascript:alert(1)",
    ],
)
def test_another_origin_is_refused(reference: str) -> None:
    with pytest.raises(Rejected):
        Origin.of("https://acme").absolute(reference)


def test_a_move_to_https_is_said_as_such() -> None:
    with pytest.raises(Rejected, match="'https'") as refused:
        Origin.of("http://acme").same("https://acme/x")
    assert "https://" in refused.value.fix


def test_only_a_missing_token_ends_a_chain() -> None:
    chain = TokenChain(label="x")
    assert chain.take("a", empty=False) == "a"
    assert chain.take("b", empty=True) == "b"
    assert chain.take(None, empty=False) is None


def test_a_repeated_token_is_refused() -> None:
    chain = TokenChain(label="search")
    chain.take("a", empty=False)
    chain.take("b", empty=False)
    with pytest.raises(BadPayload, match="search gave the same page token twice"):
        chain.take("a", empty=False)


@given(st.integers(min_value=0, max_value=20), st.integers(min_value=1, max_value=40))
def test_a_chain_never_goes_beyond_its_caps(most_empty: int, most_pages: int) -> None:
    chain = TokenChain(label="x", most_empty=most_empty, most_pages=most_pages)
    allowed = min(most_empty, most_pages - 1)
    for number in range(allowed):
        chain.take(str(number), empty=True)
    with pytest.raises(BadPayload):
        chain.take("one more", empty=True)


def test_containers_are_chosen_by_globs() -> None:
    config = ConnectionConfig(
        name="jira", kind="jira", containers=("NET", "PHN*"), exclude=("PHNX",)
    )
    chosen = [key for key in ("NET", "NETX", "PHN", "PHN2", "PHNX") if config.selects(key)]
    assert chosen == ["NET", "PHN", "PHN2"]


@pytest.mark.parametrize("name", ["", "a:b", "a b", "ä", "-a", "x" * 65])
def test_a_connections_name_fits_into_an_identity(name: str) -> None:
    with pytest.raises(ValidationError):
        ConnectionConfig(name=name, kind="jira")


def test_a_literal_webhook_secret_is_refused() -> None:
    table = {"name": "a", "kind": "jira", "secret": "x"}
    with pytest.raises(ValidationError, match="secret_env"):
        ConnectionConfig.model_validate(table)


def test_a_package_that_cannot_be_loaded_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[syncer.connectors]\nbroken = no_such_module:X\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigError, match="cannot be loaded"):
        connector_class("broken")
