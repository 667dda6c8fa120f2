"""The configuration of the demo: a plain `syncer.toml`, as a program manager would write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from syncer.demo.portfolio.people import email, named_people

DATABASE_FILE: Final = "syncer.db"
DIGEST_FOLDER: Final = "digests"
AUDIENCE: Final = "leadership"

_TEXT: Final = """\
# The sample portfolio of `syncer demo`. The four trackers at these addresses are simulated and made
# up; everything else is what you would write for your own.

[service]
database_url = "sqlite:///{database}"
timezone = "Europe/Berlin"
currency = "EUR"

[[connections]]
name = "jira"
kind = "jira"
url = "{jira}"
auth = {{ type = "basic", email = "{user}", token_file = "jira-credential" }}
containers = ["NET"]
webhook_secret_file = "jira-webhook-secret"

[[connections]]
name = "ado"
kind = "azuredevops"
url = "{ado}"
auth = {{ token_file = "ado-credential" }}
timezone = "Europe/Berlin"
webhook_secret_file = "ado-webhook-secret"

[[connections]]
name = "linear"
kind = "linear"
url = "{linear}"
api_url = "{linear}"
auth = {{ token_file = "linear-credential" }}
webhook_secret_file = "linear-webhook-secret"

[[connections]]
name = "github"
kind = "github"
url = "{github}"
auth = {{ type = "pat", token_file = "github-credential" }}
containers = ["acme/phone"]
webhook_secret_file = "github-webhook-secret"
customer_labels = ["customer-*"]

[[teams]]
key = "network"
name = "Network"
items = ["jira:NET"]

[[teams]]
key = "outreach"
name = "Outreach"
items = ["linear:OUT"]

[[teams]]
key = "regulatory"
name = "Regulatory"
items = ["ado:acme"]

[[teams]]
key = "phone"
name = "Smartphone"
items = ["github:acme/phone"]

{people}
[[projects]]
key = "network"
name = "Network upgrade"
owner = "M. Okafor"
team = "network"
items = ["jira:NET"]
start = 2026-04-01
target = {{ from = "jira:NET-1", field = "due" }}
criticality = "must"
cost_of_delay_per_week = 120000

[[projects]]
key = "outreach"
name = "Customer outreach"
owner = "S. Weber"
team = "outreach"
items = ["linear:OUT"]
start = 2026-08-03
target = 2027-01-22

[[projects]]
key = "regulatory"
name = "Regulatory"
owner = "L. Brandt"
team = "regulatory"
items = ["ado:acme"]
start = 2026-06-01
target = 2027-01-22

[[projects]]
key = "phone"
name = "5G Smartphone"
owner = "A. Silva"
team = "phone"
kind = "product"
items = ["github:acme/phone"]
start = 2026-06-29
target = 2027-02-26

[[programs]]
key = "5g"
name = "5G Infrastructure"
objective = "Bring 5G to every region before the spring launch"
owner = "J. Roth"
projects = ["network", "outreach", "regulatory"]

[[products]]
key = "phone"
name = "5G Smartphone"
vision = "The first phone that is at home on our own network"
owner = "A. Silva"
projects = ["phone"]

[products.customers]
labels = ["customer-*"]
told = ["told-*"]
weights = {{ alpina = 5, harbour = 3, medico = 4, transit = 2 }}

[[products.benefits]]
name = "Phones on our own network"
baseline = 0
now = 0
target = 50000
due = 2027-12-31

# The must features are named by their epics. Nobody has spoken for the roll-back yet.
[[releases]]
product = "phone"
name = "Spring launch"
must = [
  {{ under = "github:acme/phone#2" }},
  {{ under = "github:acme/phone#6" }},
  {{ under = "github:acme/phone#8" }},
  {{ under = "github:acme/phone#14" }},
  {{ under = "github:acme/phone#16" }},
  {{ under = "github:acme/phone#26" }},
]
gates = [
  {{ function = "qa", state = "not_ready" }},
  {{ function = "security", state = "ready", by = "I. Novak", on = 2026-11-18 }},
  {{ function = "legal", state = "waived", by = "GC", until = 2027-03-01, reason = "A leaflet" }},
  {{ function = "docs", state = "not_ready" }},
  {{ function = "support", state = "ready", by = "S. Weber", on = 2026-11-19 }},
  {{ function = "marketing", state = "not_ready", must = false }},
]

# A fourth gate, "Town halls", is an item of type Gate in the tracker.
[[gates]]
scope = "network"
name = "Core freeze"
date = 2026-12-04
owner = "M. Okafor"
items = [{{ version = "jira:NET/Core freeze" }}]

[[gates]]
scope = "regulatory"
name = "Environmental filing"
date = 2026-11-27
owner = "L. Brandt"
items = [{{ label = "filing" }}]

[[gates]]
scope = "proj:phone"
name = "Phone beta"
date = 2026-12-04
owner = "A. Silva"
items = [{{ version = "github:acme/phone/Phone beta" }}]

[[audiences]]
key = "{audience}"
name = "Senior management"
lens = "executive"
schedule = "Mon 07:00"
programs = ["*"]
products = ["*"]
channels = [{{ kind = "file", path = "{folder}/" }}]
"""

_THIS_WEEK: Final = """\

[[decisions]]
scope = "network"
question = "Which date for Network upgrade?"
decider = "CTO"
needed_by = 2026-11-26
recommendation = "A"
confirmed_by = "J. Roth"

[[risk_responses]]
rule = "SCH-1"
scope = "network"
owner = "M. Okafor"
ask = "decision above"

[[risk_responses]]
rule = "DEP-2"
item = "ado:AB#30112"
owner = "L. Brandt"
ask = "COO calls the regulator"

[[risk_responses]]
rule = "RES-2"
scope = "team:network"
owner = "M. Okafor"
next_step = "re-plans"
by = 2026-11-30
"""
"""What is asked in the week of the demo, and was not asked before."""

_PERSON: Final = """\
[[people]]
name = "{name}"
email = "{email}"
accounts = ["jira:{account}", "ado:{account}", "linear:{account}", "github:{account}"]
"""


def credential_file(connection: str) -> str:
    """The file beside the configuration that holds the simulated account's secret."""
    return f"{connection}-credential"


def signing_file(connection: str) -> str:
    """The file beside the configuration that holds what the tracker signs its webhooks with."""
    return f"{connection}-webhook-secret"


def configuration_text(
    *, urls: Mapping[str, str], user: str = "bot@example.com", this_week: bool = True
) -> str:
    """The text of `syncer.toml` for the trackers at these addresses and the account `user` at Jira.

    The accounts' secrets are read from files beside it. Without `this_week` it is the configuration
    of the weeks before: no decision was asked for yet.
    """
    people = [
        _PERSON.format(name=name, email=email(account), account=account)
        for account, name in named_people().items()
    ]
    text = _TEXT.format(
        **urls,
        user=user,
        people="\n".join(people),
        database=DATABASE_FILE,
        folder=DIGEST_FOLDER,
        audience=AUDIENCE,
    )
    return text + _THIS_WEEK if this_week else text
