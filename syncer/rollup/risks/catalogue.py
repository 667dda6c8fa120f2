"""Every risk rule in plain words: what causes it, what may happen, and what that does.

The table is rollup.md 2.10; a rule that is not in it cannot make a risk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Story:
    """Cause, event and effect of a risk, each a clause that goes on where the one before ended."""

    cause: str
    event: str
    effect: str

    @property
    def text(self) -> str:
        """The three as one sentence."""
        return f"Because {self.cause}, {self.event}; then {self.effect}."


CATALOGUE: Final[dict[str, Story]] = {
    "SCH-1": Story(
        "the work that is left takes longer at today's pace than the time that is left",
        "the target may be missed",
        "whoever counts on the date waits, and each week costs what a week of delay costs",
    ),
    "SCH-2": Story(
        "the target has passed and work is left",
        "the promise is broken already",
        "nobody knows a date to plan with until a new one is agreed",
    ),
    "SCH-3": Story(
        "the target was moved later before",
        "it may be moved again",
        "plans that rest on it lose their worth",
    ),
    "SCH-4": Story(
        "the work before a gate is not done",
        "the gate may be missed",
        "what comes behind it cannot begin",
    ),
    "SCH-5": Story(
        "work is in progress but nothing gets done",
        "the project may have come to a halt",
        "its forecast is worth nothing until something is finished",
    ),
    "SCP-1": Story(
        "work was added that nobody had planned",
        "the same people have more to do in the same time",
        "the target slips, or something else is left out",
    ),
    "SCP-2": Story(
        "a large part of what was promised was taken out",
        "the result may be less than was agreed",
        "the date holds only on paper, unless somebody agreed to it",
    ),
    "SCP-3": Story(
        "new work comes in at least as fast as work gets done",
        "what is left never grows less",
        "no date can hold until the inflow stops",
    ),
    "FLW-1": Story(
        "work stays in progress for longer than this team usually needs",
        "it may be stuck without anybody having said so",
        "it is late by the time that somebody notices",
    ),
    "FLW-2": Story(
        "work that has begun cannot go on",
        "people wait, or begin something else",
        "everything takes longer until what blocks it is out of the way",
    ),
    "FLW-3": Story(
        "more is in progress than the team finishes in weeks",
        "everybody works on too much at once",
        "each piece takes longer, and problems are found late",
    ),
    "DEP-1": Story(
        "something waits for work of another project",
        "a delay there would be a delay here",
        "two plans have to be kept together",
    ),
    "DEP-2": Story(
        "what somebody waits for comes later than it is needed",
        "the waiting work cannot begin in time",
        "its own date moves by as much",
    ),
    "DEP-3": Story(
        "a delay is passed on through a chain of work",
        "work may be late that nobody connects with its cause",
        "dates slip in projects that did nothing wrong",
    ),
    "DEP-4": Story(
        "pieces of work wait for each other in a circle",
        "none of them can be finished first",
        "all of them stand still until one dependency is given up",
    ),
    "DEP-5": Story(
        "what somebody needs soon has no owner or no date",
        "nobody may be working on it",
        "the waiting work finds out when it is too late",
    ),
    "DEP-6": Story(
        "what somebody waits for was cancelled",
        "it will never come",
        "the waiting work needs another way, or ends as well",
    ),
    "DEP-7": Story(
        "what somebody waits for cannot be seen from here",
        "it may be late without anybody noticing",
        "the waiting work is planned on hope",
    ),
    "DEP-8": Story(
        "many pieces of work in several projects hang on each other in a row",
        "a delay of one delays all that follow",
        "small slips add up to a large one",
    ),
    "RES-1": Story(
        "one person works on too much in several projects at once",
        "each piece waits while another is done",
        "all of these projects are slowed down by the same bottleneck",
    ),
    "RES-2": Story(
        "a team has more due in the next weeks than it is likely to finish",
        "some of it comes late",
        "somebody has to choose what, or chance will",
    ),
    "RES-3": Story(
        "most of the work is done by one person",
        "it stops when this person is ill, away or gone",
        "nobody else knows enough to go on",
    ),
    "RES-4": Story(
        "work that has begun or is due soon belongs to nobody",
        "it may be left undone",
        "what depends on it is late, and nobody was told",
    ),
    "DQ-1": Story(
        "the project has no target date",
        "nobody can say whether it is late",
        "a delay is seen only by those who wait",
    ),
    "DQ-2": Story(
        "nobody owns the project",
        "its problems are nobody's to solve",
        "questions and decisions stay where they are",
    ),
    "DQ-3": Story(
        "nobody has touched much of the work in progress for weeks",
        "its status may be wrong",
        "figures that rest on it are wrong as well",
    ),
    "DQ-4": Story(
        "items say things that cannot all be true",
        "one of them is wrong",
        "dates and progress look better or worse than they are",
    ),
    "DQ-5": Story(
        "large pieces of work are not broken down",
        "there may be more in them than anybody counted",
        "the forecast is too bright",
    ),
    "DQ-6": Story(
        "the tracker was last read too long ago",
        "things may have changed since",
        "this report may be out of date",
    ),
    "GOV-1": Story(
        "nobody has decided again what was decided only for a time, or decided at all in time",
        "work goes on as if somebody had",
        "it is done twice, or for nothing",
    ),
    "CLS-1": Story(
        "work that concerns several projects belongs to no program",
        "nobody may be looking after it",
        "it comes late for everybody who needs it",
    ),
    "BEN-1": Story(
        "what the work was to bring has not come by its day",
        "it may never come",
        "money was spent on something that does not pay",
    ),
}
"""What each rule of the catalogue tells, by its id."""
