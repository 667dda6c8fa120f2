"""What is shipped for running syncer says one thing everywhere."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from syncer.settings.load import check_text


@pytest.fixture(scope="module")
def manifest(root: Path) -> str:
    return (root / "deploy" / "kubernetes.yaml").read_text(encoding="utf-8")


def _configuration(manifest: str) -> str:
    found = re.search(r"syncer.toml: \|\n(.*?)\n---", manifest, re.DOTALL)
    assert found
    return dedent(found[1])


def test_the_configuration_of_the_manifest_is_one(manifest: str) -> None:
    settings = check_text(_configuration(manifest), Path("syncer.toml"))

    assert settings.service.pages.auth == "token"
    assert settings.connections[0].kind == "jira"


def test_every_secret_that_it_names_is_given_to_the_process(manifest: str) -> None:
    wanted = set(re.findall(r'_env = "(\w+)"', _configuration(manifest)))
    given = set(re.findall(r"- name: (\w+)\n\s+valueFrom: { secretKeyRef", manifest))

    assert wanted | {"SYNCER_SERVICE__DATABASE_URL"} == given


@pytest.mark.parametrize(
    "line",
    [
        "replicas: 2",
        "runAsNonRoot: true",
        "readOnlyRootFilesystem: true",
        "allowPrivilegeEscalation: false",
        "path: /readyz",
        "path: /livez",
    ],
)
def test_the_manifest_keeps_its_promises(manifest: str, line: str) -> None:
    assert line in manifest


def test_a76_the_image_runs_as_nobody_special_and_takes_the_tested_versions(root: Path) -> None:
    """The copied folders are those that the wheel is built from."""
    text = (root / "deploy" / "Dockerfile").read_text(encoding="utf-8")

    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert "--require-hashes" in text
    for folder in ("syncer", "connectors", "alembic", "config"):
        assert f"COPY {folder} ./{folder}" in text
