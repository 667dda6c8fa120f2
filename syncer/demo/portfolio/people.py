"""Who works on the sample portfolio: made-up people with made-up accounts."""

from __future__ import annotations

from typing import Final

from syncer.connect.testing.script import Person

ROTH: Final = "5g-roth"
OKAFOR: Final = "5g-okafor"
WEBER: Final = "5g-weber"
BRANDT: Final = "5g-brandt"
SILVA: Final = "5g-silva"
LIAISON: Final = "5g-jansen"
ROBOT: Final = "5g-automation"
LEFT: Final = "5g-petrov"
"""A colleague of Outreach who leaves in November."""

NETWORK_TEAM: Final = (OKAFOR, "5g-nilsson", "5g-haddad", "5g-tanaka", "5g-moreau", "5g-kowalski")
OUTREACH_TEAM: Final = (WEBER, LEFT, "5g-fischer", "5g-rossi")
REGULATORY_TEAM: Final = (BRANDT, "5g-novak", "5g-lindqvist")
PHONE_TEAM: Final = (SILVA, "5g-park", "5g-ivanova", "5g-mensah", "5g-suzuki", "5g-dubois")

_NAMES: Final = {
    ROTH: "J. Roth",
    OKAFOR: "M. Okafor",
    WEBER: "S. Weber",
    BRANDT: "L. Brandt",
    SILVA: "A. Silva",
    LIAISON: "P. Jansen (regulator's liaison)",
    ROBOT: "Automation for Jira",
    LEFT: "D. Petrov",
    "5g-nilsson": "T. Nilsson",
    "5g-haddad": "R. Haddad",
    "5g-tanaka": "Y. Tanaka",
    "5g-moreau": "C. Moreau",
    "5g-kowalski": "B. Kowalski",
    "5g-fischer": "L. Fischer",
    "5g-rossi": "N. Rossi",
    "5g-novak": "K. Novák",
    "5g-lindqvist": "E. Lindqvist",
    "5g-park": "J. Park",
    "5g-ivanova": "M. Ivanova",
    "5g-mensah": "O. Mensah",
    "5g-suzuki": "H. Suzuki",
    "5g-dubois": "F. Dubois",
}


def email(account: str) -> str:
    """The made-up address of an account."""
    return f"{account.removeprefix('5g-')}@example.com"


def people() -> list[Person]:
    """All accounts of the simulated tracker."""
    return [
        Person(id=account, name=name, email=email(account), bot=account == ROBOT)
        for account, name in _NAMES.items()
    ]


def named_people() -> dict[str, str]:
    """The people whom the configuration names, by account."""
    return {account: _NAMES[account] for account in (ROTH, OKAFOR, WEBER, BRANDT, SILVA)}
