"""Loading: layers, includes, faults with their places, secrets."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from syncer.errors import ConfigError
from syncer.paths import shipped
from syncer.settings.faults import ConfigurationFaults
from syncer.settings.load import load_settings, shipped_defaults
from syncer.settings.root import Settings
from tests.unit.settings.conftest import Folder

JIRA = """
[[connections]]
name = "jira"
kind = "jira"
url = "https://acme.example"
auth = { email = "bot@example.com", token_env = "JIRA_TOKEN" }
"""


def test_one_connection_and_nothing_else_is_enough(folder: Folder) -> None:
    settings = folder.settings(JIRA)
    assert settings.service.timezone == "UTC"
    assert settings.connection_table(0) == {
        "name": "jira",
        "kind": "jira",
        "url": "https://acme.example",
        "auth": {"email": "bot@example.com", "token_env": "JIRA_TOKEN"},
    }


def test_an_empty_file_is_a_configuration(folder: Folder) -> None:
    assert folder.settings("").connections == ()


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="syncer init"):
        load_settings(tmp_path / "none.toml", {})


def test_the_shipped_file_says_what_the_models_say() -> None:
    assert Settings.model_validate(shipped_defaults()) == Settings()


def uncommented(text: str) -> str:
    """The shipped file with its examples made active."""
    return re.sub(r"(?m)^# (?=\[\[|[a-z_]+ = )", "", text)


LEFT_OUT = {
    "programs": {"items", "split"},  # the other way to name projects
    "decisions": {"state", "outcome", "decided_on"},  # of a decision that was taken
    "risk_responses": {
        "item",  # the other way to name a risk
        "roam",
        "on",
        "accept_until",  # of one that is accepted
        "mitigations",
        "residual_probability",
        "residual_impact",  # of one that is mitigated
    },
}


def test_the_examples_of_the_shipped_file_are_valid_and_show_every_key(folder: Folder) -> None:
    text = uncommented((shipped("config") / "syncer.toml").read_text(encoding="utf-8"))
    settings = folder.settings(text)
    shown = tomllib.loads(text)
    for name in Settings.model_fields:
        tables = getattr(settings, name)
        if isinstance(tables, tuple):
            assert tables, f"no example of [[{name}]]"
            keys = {info.alias or key for key, info in type(tables[0]).model_fields.items()}
            assert keys - set(shown[name][0]) == LEFT_OUT.get(name, set()), name


class TestLayers:
    def test_environment_beats_file_and_secret_file_beats_environment(
        self, folder: Folder, tmp_path: Path
    ) -> None:
        text = '[service]\ncurrency = "CHF"\ntimezone = "Europe/Zurich"\nhistory_days = 10\n'
        folder.write("secrets/SYNCER_SERVICE__HISTORY_DAYS", "30\n")
        environ = {
            "SYNCER_SERVICE__TIMEZONE": "Europe/Berlin",
            "SYNCER_SERVICE__HISTORY_DAYS": "20",
            "SYNCER_SECRETS_DIR": str(tmp_path / "secrets"),
        }
        service = folder.settings(text, environ).service
        assert (service.currency, service.timezone) == ("CHF", "Europe/Berlin")
        assert service.history_days == 30

    def test_nested_keys_and_lists_come_from_variables(self, folder: Folder) -> None:
        environ = {
            "SYNCER_SERVICE__HOOKS__LISTEN": "127.0.0.1:0",
            "SYNCER_SERVICE__HOLIDAYS": "[2026-12-25]",
        }
        service = folder.settings("", environ).service
        assert service.hooks.listen == "127.0.0.1:0"
        assert service.holidays == (date(2026, 12, 25),)

    def test_a_variable_with_an_unknown_key_is_named(self, folder: Folder) -> None:
        assert folder.faults("", {"SYNCER_SERVICE__DATABASE_ULR": "x"}) == [
            (
                "environment variable SYNCER_SERVICE__DATABASE_ULR: service.database_ulr: "
                'unknown key. Did you mean "database_url"?'
            )
        ]

    def test_variables_of_tests_are_left_alone(self, folder: Folder) -> None:
        kept = folder.settings("", {"SYNCER_TEST_X__Y": "1", "SYNCER_SHARED_DATA": "x"})
        assert kept.config_hash == folder.settings("", {}).config_hash

    def test_lists_of_tables_cannot_be_set_by_variables(self, folder: Folder) -> None:
        found = folder.faults(JIRA, {"SYNCER_CONNECTIONS__NAME": "x"})
        assert found == [
            (
                'environment variable SYNCER_CONNECTIONS__NAME: "connections" has no keys that a '
                "variable could set. Set it in the configuration file."
            )
        ]

    def test_a_secrets_folder_that_is_not_there_is_told(self, folder: Folder) -> None:
        with pytest.raises(ConfigurationFaults, match="SYNCER_SECRETS_DIR: the folder"):
            folder.settings("", {"SYNCER_SECRETS_DIR": str(folder.path / "none")})


class TestIncludes:
    def test_lists_of_tables_append(self, folder: Folder) -> None:
        folder.write("programs/b.toml", '[[projects]]\nkey = "b"\nitems = ["jira:B"]\n')
        folder.write("programs/a.toml", '[[projects]]\nkey = "a"\nitems = ["jira:A"]\n')
        text = f'include = ["programs/*.toml"]\n{JIRA}\n[[projects]]\nkey = "m"\nitems = ["jira:M"]'
        settings = folder.settings(text)
        assert [project.key for project in settings.projects] == ["m", "a", "b"]
        assert str(settings.place("projects", 2, "items")) == "programs/b.toml:3"

    def test_a_scalar_defined_twice_names_both_places(self, folder: Folder) -> None:
        folder.write("more.toml", '[service]\n\ntimezone = "UTC"\n')
        text = 'include = ["more.toml"]\n[service]\ntimezone = "UTC"\n'
        assert folder.faults(text) == [
            (
                "more.toml:3: service.timezone: defined twice; the first is at syncer.toml:3. "
                "Remove one of the two."
            )
        ]

    def test_tables_of_two_files_merge(self, folder: Folder) -> None:
        folder.write("more.toml", '[service]\ncurrency = "CHF"\n')
        service = folder.settings('include = ["more.toml"]\n[service]\nhistory_days = 7').service
        assert (service.currency, service.history_days) == ("CHF", 7)

    def test_a_project_key_defined_twice_names_both_places(self, folder: Folder) -> None:
        folder.write("b.toml", '[[projects]]\nitems = ["jira:B"]\nkey = "x"\n')
        text = f'include = ["b.toml"]\n{JIRA}[[projects]]\nkey = "x"\nitems = ["jira:A"]\n'
        assert folder.faults(text) == [
            (
                "b.toml:3: projects[1].key: 'x' is defined twice; the first is at syncer.toml:9. "
                "Rename or remove one of the two."
            )
        ]

    def test_a_file_that_is_not_there_is_told_and_an_empty_pattern_is_not(
        self, folder: Folder
    ) -> None:
        assert folder.faults('include = ["none.toml", "programs/*.toml"]') == [
            "syncer.toml:1: include[0]: there is no file 'none.toml'."
        ]

    def test_included_files_include_nothing(self, folder: Folder) -> None:
        folder.write("more.toml", 'include = ["x.toml"]\n')
        assert folder.faults('include = ["more.toml"]') == [
            "more.toml:1: include: only the main file may include others."
        ]

    def test_a_file_including_itself_by_a_glob_is_read_once(self, folder: Folder) -> None:
        assert folder.settings(f'include = ["*.toml"]\n{JIRA}').connections[0].name == "jira"


class TestFaults:
    def test_all_faults_of_all_kinds_are_told_at_once_in_order(self, folder: Folder) -> None:
        text = """\
            [service]
            databse_url = "sqlite:///x.db"
            timezone = "Europe/Berln"
            history_days = "many"
            [[connections]]
            name = "jira"
            kind = "jira"
            auth = { token = "abcdef" }
            [[projects]]
            key = "a"
            kind = "delivry"
            items = ["jria:NET"]
            target = "soon"
            [[programs]]
            key = "p"
            projects = ["a", "c"]
            [[gates]]
            scope = "z"
            """
        found = [line.removeprefix("syncer.toml:") for line in folder.faults(text)]
        assert [line.partition(": ")[0] for line in found] == [
            "2", "3", "4", "8", "11", "12", "13", "16", "17", "17", "18",
        ]  # fmt: skip
        assert found[0] == '2: service.databse_url: unknown key. Did you mean "database_url"?'
        assert 'Did you mean "delivery"?' in found[4]
        assert "there is no connection 'jria'. Did you mean \"jira\"?" in found[5]
        assert found[8:10] == ["17: gates[0].date: is missing.", "17: gates[0].name: is missing."]

    def test_invalid_toml_names_its_line(self, folder: Folder) -> None:
        (found,) = folder.faults("[service]\ntimezone = \n")
        assert found.startswith("syncer.toml:2: this is not valid TOML: Invalid value")

    def test_toml_that_ends_too_early_names_the_last_line(self, folder: Folder) -> None:
        (found,) = folder.faults('[service]\nx = """abc')
        assert found.startswith("syncer.toml:2: this is not valid TOML")

    def test_a_file_that_is_not_text(self, folder: Folder) -> None:
        (folder.path / "syncer.toml").write_bytes(b"a = '\xff'")
        with pytest.raises(ConfigurationFaults, match="not UTF-8"):
            folder.load()

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("service = 5", "service: must be a table."),
            ("[[service]]\nx = 1", "service: must be a table."),
            ("connections = 5", "connections: must be a list in square brackets."),
            ("connections = [5]", "connections[0]: must be a table."),
            ("projects = 'x'", "projects: must be a list in square brackets."),
            ("[[connections]]\nname = 'a:b'\nkind='jira'", "'a:b' cannot be a key"),
            ("[[connections]]\nname = 'prog'\nkind='jira'", "'prog' cannot be a key"),
            ("[[connections]]\nname = 'a'", "connections[0].kind: is missing."),
            ("[service]\nhistory_days = 1.5", "service.history_days: must be a whole number."),
            ("[service]\nholidays = [5]", "a holiday is a date such as 2026-12-25"),
            ("[service]\nhooks = { listen = '8080' }", "'8080' is no address"),
            ("[service]\npages = { url = 'ftp://x' }", "'ftp://x' is no web address"),
            ("[service]\npages = { auth = 'tokn' }", 'Did you mean "token"?'),
            ("[smtp]\nhost = 'mail.example.com'\ntls = 'none'", "only for a mail server on this"),
            ("[[freezes]]\nfrom = 2026-12-24\nto = 2026-12-01", "lies before"),
            ("[[freezes]]\nfrom = 2026-12-24", "freezes[0].to: is missing."),
            ("[[freezes]]\nfrm = 2026-12-24", 'freezes[0].frm: unknown key. Did you mean "from"?'),
            ("[[programs]]\nkey = 'p'", "has no projects"),
            ("[[programs]]\nkey='p'\nitems=[{label='x'}]\nsplit='tree'", 'Did you mean "team"?'),
            ("[[programs]]\nkey='p'\nitems=[{label='x'}]", "belong together"),
            ("[[audiences]]\nkey='a'\nschedule='Monday 7'", 'write it like "Mon 07:00"'),
            ("[[audiences]]\nkey='a'\nprograms=['x']", "there is no program 'x'. There are none."),
            ("[[audiences]]\nkey='a'\nchannels=[{kind='fax'}]", "must be one of file, email"),
            ("[[audiences]]\nkey='a'\nchannels=[{path='x'}]", 'has no "kind".'),
            ("[[risk_responses]]\nrule='DEP-2'", 'by either "scope" or "item"'),
            ("[[risks]]\nscope='portfolio'\ntitle='t'\nprobability=6\nimpact=1", "less than or"),
            ("[[gates]]\nscope='jra:NET'", "there is no connection 'jra'"),
            ("[[people]]\nname='A'\naccounts=['jira:1']", "there is no connection 'jira'"),
            ("[[teams]]\nkey='t'\n[[teams]]\nkey='t'", "'t' is defined twice"),
        ],
    )  # fmt: skip
    def test_fault(self, folder: Folder, text: str, says: str) -> None:
        assert any(says in found for found in folder.faults(text)), folder.faults(text)

    @pytest.mark.parametrize(
        ("selector", "says"),
        [
            ('"NET"', "does not name a connection"),
            ("{ jql = 'x' }", "a selector is"),
            ("{ jql = 'x', connection = 'jra' }", "no connection 'jra'"),
            ("{ area = 'x' }", "does not name a connection"),
            ("{ lable = 'x' }", 'Did you mean "label"?'),
            ("{ field = 'Program' }", "a selector is"),
            ("{ version = 'jira:NET' }", "does not name a version"),
            ("{ under = 'NET-1' }", "does not name a connection"),
            ("{ label = 'x', under = 'jira:N-1' }", "a selector is"),
            ("5", "a selector is"),
            ("{}", "a selector is"),
        ],
    )
    def test_selector_fault(self, folder: Folder, selector: str, says: str) -> None:
        text = f'{JIRA}[[projects]]\nkey = "a"\nitems = [\n  {{ label = "x" }},\n  {selector},\n]'
        (found,) = folder.faults(text)
        assert found.startswith("syncer.toml:11: projects[0].items[1]")
        assert says in found

    def test_a_bare_scope_that_means_two_things_asks_which(self, folder: Folder) -> None:
        text = f"""{JIRA}
            [[projects]]
            key = "phone"
            items = ["jira:PHN"]
            [[products]]
            key = "phone"
            projects = ["phone"]
            [[gates]]
            scope = "phone"
            name = "Beta"
            date = 2026-12-04
            """
        (found,) = folder.faults(text)
        assert "'phone' can mean proj:phone or prod:phone. Write which one." in found


class TestSecrets:
    CANARY = "canary-5f2c81"

    @pytest.mark.parametrize(
        "text",
        [
            "[smtp]\npassword = '{}'",
            "[[connections]]\nname='j'\nkind='jira'\nauth = {{ email = 'a@b.c', token = '{}' }}",
            "[[connections]]\nname='j'\nkind='jira'\nwebhook_secret = '{}'",
            "[[connections]]\nname='j'\nkind='jira'\nurl = 'https://me:{}@acme.example'",
            "[service]\ndatabase_url = 'postgresql://me:{}@db/x'",
        ],
    )
    def test_a_literal_secret_is_refused_once_and_not_shown(
        self, folder: Folder, text: str
    ) -> None:
        (found,) = folder.faults(text.format(self.CANARY))
        assert "must not stand in a configuration file" in found
        assert self.CANARY not in found

    def test_a_database_password_may_come_from_the_environment_and_is_never_shown(
        self, folder: Folder
    ) -> None:
        url = f"postgresql://me:{self.CANARY}@db/x"
        settings = folder.settings("", {"SYNCER_SERVICE__DATABASE_URL": url})
        assert settings.service.database_url.get_secret_value() == url
        assert self.CANARY not in repr(settings) + str(settings) + repr(settings.environment)

    def test_names_of_secrets_are_no_secrets(self, folder: Folder) -> None:
        text = f'{JIRA}webhook_secret_file = "secrets/hook"\n'
        assert folder.settings(text).connection_table(0)["webhook_secret_file"] == "secrets/hook"


class TestConfigHash:
    def test_it_follows_what_is_said_about_the_work_and_nothing_else(self, folder: Folder) -> None:
        project = '[[projects]]\nkey = "a"\nitems = ["jira:A"]\n'
        plain = folder.settings(JIRA + project).config_hash
        elsewhere = folder.settings(JIRA + project + '[service]\ndatabase_url = "sqlite:///y.db"\n')
        assert elsewhere.config_hash == plain
        assert folder.settings("# a comment\n" + JIRA + project).config_hash == plain
        assert folder.settings(JIRA + project + "target = 2027-01-01").config_hash != plain
