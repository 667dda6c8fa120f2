"""What the network upgrade consists of, area by area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

AREAS: Final = {
    "north": "Sites of the North region",
    "south": "Sites of the South region",
    "city": "City densification",
    "rural": "Rural coverage",
    "core": "Cut-over of the 5G core",
    "transport": "Transport and backhaul",
    "spectrum": "Spectrum refarming",
    "power": "Power and cooling",
    "security": "Hardening of the radio network",
    "alarms": "Monitoring and alarms",
    "roaming": "Roaming interconnect",
}

_SITE_WORK: Final = (
    "Pour the mast foundation at {}",
    "Hang 3.5 GHz panels at {}",
    "Pull fibre to the cabinet at {}",
    "Commission the radio unit at {}",
    "Drive test around {}",
    "Clear the access road to {}",
    "Replace the rectifier at {}",
    "Fit lightning protection at {}",
    "Swap the legacy antennas at {}",
    "Hand {} over to operations",
)
_SITES: Final = {
    "north": ("Nordhafen", "Küstrin mast", "Lighthouse hill", "Fjordgate", "Heidkamp"),
    "south": ("Altenberg", "Bellinzona depot", "Königsstuhl", "Vineyard ridge", "Lindau quay"),
    "city": ("Central station", "Opera square", "Harbour towers", "Fair grounds", "University"),
    "rural": ("Moorhof", "Upper valley", "Steinbach mill", "Lake Orrin", "Three Oaks"),
}
_CORE: Final = (
    ("access and mobility function", "session management", "user plane", "subscriber data"),
    (
        "Size the {} for launch traffic",
        "Fail the {} over between data centres",
        "Upgrade the {} to release 18",
        "Load test the {}",
        "Write the rollback plan of the {}",
        "Move test subscribers to the new {}",
    ),
)
_TRANSPORT: Final = (
    ("Harbour", "Airport", "Lake", "Hill", "Old town", "Valley"),
    (
        "Light dark fibre on the {} ring",
        "Move clock sync of the {} ring to PTP",
        "Add a spare 100G card to the {} ring",
        "Measure latency of the {} ring",
    ),
)
_SPECTRUM: Final = (
    ("700 MHz", "1800 MHz", "2100 MHz", "2600 MHz", "3.5 GHz"),
    (
        "Plan the guard bands for {}",
        "Retune neighbour cells in {}",
        "Check interference at the border in {}",
        "Update cell parameters for {}",
    ),
)
_POWER: Final = (
    ("exchange East", "exchange West", "exchange Mill Lane", "exchange Old Post", "data hall 2"),
    (
        "Fit lithium batteries in {}",
        "Renew the air conditioning of {}",
        "Meter the energy use of {}",
        "Test the diesel start of {}",
    ),
)
_SECURITY: Final = (
    ("base station controllers", "operations network", "timing servers", "edge routers"),
    (
        "Rotate the keys of the {}",
        "Close unused ports on the {}",
        "Review admin accounts of the {}",
        "Patch the {}",
        "Send logs of the {} to the security centre",
    ),
)
ALARMS: Final = (
    "Collect alarms of all radio units in one console",
    "Draw up alarm thresholds with operations",
    "Page the night shift by text message",
    "Correlate alarms of one ring",
    "Dashboard of cell availability",
    "Alarm drill with the field teams",
)
ROAMING: Final = ("Exchange test cards with three partners", "Bill roaming data by the second")
NORTH_SITE_WORKS: Final = "Site works North"

ADDED: Final = (
    ("rural", "Noise barrier for the school beside Moorhof"),
    ("city", "Move two antennas away from the listed façade"),
    ("core", "Emergency call routing for indoor cells"),
    ("transport", "Second fibre entry for data hall 2"),
    ("city", "Indoor cells for the new metro line"),
    ("rural", "更新偏远站点的电源监控"),
    ("rural", "Blitzschutz an drei Berghütten nachrüsten"),
    ("south", "Paint the fences\nat rural sites"),
    ("city", "📡 Tune beams for the winter market"),
    ("north", "<script>alert('mast')</script> Tidy the cabinet labels"),
    ("city", "=cmd|' /C calc'!A0 cost sheet for spare rectifiers"),
    ("south", "Archive drawings \u202egnp.tsal of old masts"),
    ("rural", "{{ 7 * 7 }} naming scheme for small cells"),
    ("south", "Survey the hill path\u2028for a winter route"),
)
"""Work that was added after the baseline, some of it with titles that try to break a report."""

RESTRICTED: Final = "Share masts with the competitor in the South"


_HASTE: Final = {"spectrum": 0.5, "security": 0.8}
"""Areas that are worked on faster than the others."""


def baseline_titles() -> list[tuple[str, str]]:
    """Area and title of everything planned at the start, in the order in which it is done."""
    lists = {
        "north": _site_titles("north", 29),
        "south": _site_titles("south", 30),
        "city": _site_titles("city", 28),
        "rural": _site_titles("rural", 29),
        "core": _combined(*_CORE),
        "transport": _combined(*_TRANSPORT),
        "spectrum": _combined(*_SPECTRUM),
        "power": _combined(*_POWER),
        "security": _combined(*_SECURITY)[:19],
    }
    ranked = [
        (turn * _HASTE.get(area, 1.0), area, title)
        for area, titles in lists.items()
        for turn, title in enumerate(titles)
    ]
    return [(area, title) for _, area, title in sorted(ranked, key=lambda row: row[0])]


def _site_titles(area: str, count: int) -> list[str]:
    sites = _SITES[area]
    titles = [work.format(site) for work in _SITE_WORK for site in sites]
    return titles[:count]


def _combined(things: Sequence[str], works: Sequence[str]) -> list[str]:
    return [work.format(thing) for work in works for thing in things]
