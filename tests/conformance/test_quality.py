"""What connectors say of themselves is said of every rule, with reasons, and shown as it is."""

from __future__ import annotations

from pathlib import Path
from unittest import SkipTest

import pytest

from scripts.write_conformance_table import PAGE, connectors, document, table
from syncer.connect.protocol import Capabilities
from syncer.connect.testing.quality import Tick, ticks_of
from syncer.connect.testing.rules.catalogue import RULES
from syncer.connect.testing.rules.rule import RuleBroken
from syncer.connect.testing.sample.conformance import SampleAdapter
from syncer.connect.testing.sample.connector import SampleConnector
from syncer.connect.testing.suite import ConnectorSuite, require_quality
from syncer.errors import ConfigError

ALL_DONE = "[rules]\n" + "".join(f'{rule.id} = "done"\n' for rule in RULES)


@pytest.fixture
def write(tmp_path: Path) -> Path:
    return tmp_path / "quality.toml"


def adapter_of(
    monkeypatch: pytest.MonkeyPatch, file: Path, **declined: bool
) -> type[SampleAdapter]:
    """A variant of the sample whose `quality.toml` is this file and that lacks capabilities."""
    source = "from syncer.connect.testing.sample.connector import SampleConnector as Base\n"
    (file.parent / f"{file.parent.name}.py").write_text(f"{source}class Variant(Base): pass\n")
    monkeypatch.syspath_prepend(str(file.parent))
    module = __import__(file.parent.name)
    variant: type[SampleConnector] = module.Variant
    able = {"webhooks": True, "incremental": True, "hierarchy": True, "links": True}
    variant.capabilities = Capabilities(**{**able, "history": True, **declined})
    return type("VariantAdapter", (SampleAdapter,), {"connector_type": variant})


def test_the_table_in_the_documentation_is_current() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == document(page, connectors()), "run scripts/write_conformance_table.py"


def test_the_table_numbers_reasons() -> None:
    rule = RULES[0].id
    told = table({"a": {rule: Tick("missing", "Too hard.")}, "b": {rule: Tick("done")}})
    assert f"| `{rule}` | no (1) | yes |" in told
    assert "1. Too hard." in told
    assert f"| `{RULES[1].id}` | not said | not said |" in told


def test_silence_on_a_rule_fails(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write.write_text(ALL_DONE.replace('deleted = "done"\n', ""))
    with pytest.raises(RuleBroken, match="nothing of deleted"):
        require_quality(adapter_of(monkeypatch, write))


def test_unknown_rules_fail(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write.write_text(f'{ALL_DONE}good_manners = "done"\n')
    with pytest.raises(RuleBroken, match="good_manners"):
        require_quality(adapter_of(monkeypatch, write))


def test_what_is_not_claimed_cannot_be_done(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write.write_text(ALL_DONE)
    with pytest.raises(RuleBroken, match="without the capability history"):
        require_quality(adapter_of(monkeypatch, write, history=False))


def test_what_is_claimed_cannot_be_declined(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declined = 'history = { state = "not applicable", why = "Too much work." }\n'
    write.write_text(ALL_DONE.replace('history = "done"\n', declined))
    with pytest.raises(RuleBroken, match="claims history"):
        require_quality(adapter_of(monkeypatch, write))
    require_quality(adapter_of(monkeypatch, write, history=False))


def test_a_rule_that_is_declined_is_skipped_with_its_reason(
    write: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declined = 'history = { state = "not applicable", why = "Nobody keeps one." }\n'
    write.write_text(ALL_DONE.replace('history = "done"\n', declined))
    suite = ConnectorSuite.of(adapter_of(monkeypatch, write, history=False))()
    with pytest.raises(SkipTest, match="Nobody keeps one"):
        suite.test_history()  # type: ignore[attr-defined]  # made of the rule


@pytest.mark.parametrize(
    "text",
    [
        '[rules]\ndeleted = "nearly"\n',
        '[rules]\ndeleted = "missing"\n',
        '[rules]\ndeleted = { state = "not applicable" }\n',
        "[rules\n",
    ],
)
def test_a_rule_is_not_declined_without_a_reason(text: str, write: Path) -> None:
    write.write_text(text)
    with pytest.raises(ConfigError):
        ticks_of(write)


def test_an_edition_may_say_something_else(write: Path) -> None:
    write.write_text('[rules]\ndeleted = "done"\n[editions.Old.rules]\n'
                     'deleted = { state = "missing", why = "Too old." }\n')  # fmt: skip
    assert ticks_of(write) == {"deleted": Tick("done")}
    assert ticks_of(write, "Old") == {"deleted": Tick("missing", "Too old.")}
