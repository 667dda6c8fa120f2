"""The fields of a work item by their reference names, each read as what it should be.

Names: learn.microsoft.com/azure/devops/boards/work-items/guidance/work-item-field. Processes name
some things differently: the first field that holds something counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from syncer.connect.unreadable import Unmappable

TITLE: Final = "System.Title"
TYPE: Final = "System.WorkItemType"
STATE: Final = "System.State"
PROJECT: Final = "System.TeamProject"
AREA: Final = "System.AreaPath"
ITERATION: Final = "System.IterationPath"
ITERATION_ID: Final = "System.IterationId"
ASSIGNEE: Final = "System.AssignedTo"
REPORTER: Final = "System.CreatedBy"
CREATED: Final = "System.CreatedDate"
CHANGED: Final = "System.ChangedDate"
TAGS: Final = "System.Tags"
PARENT: Final = "System.Parent"
COMMENT: Final = "System.History"
REASONS: Final = ("System.Reason", "Microsoft.VSTS.Common.ResolvedReason")
CLOSED: Final = "Microsoft.VSTS.Common.ClosedDate"
ACTIVATED: Final = "Microsoft.VSTS.Common.ActivatedDate"
PRIORITY: Final = "Microsoft.VSTS.Common.Priority"
BLOCKED: Final = "Microsoft.VSTS.CMMI.Blocked"
START: Final = "Microsoft.VSTS.Scheduling.StartDate"
DUE: Final = (
    "Microsoft.VSTS.Scheduling.TargetDate",
    "Microsoft.VSTS.Scheduling.DueDate",
    "Microsoft.VSTS.Scheduling.FinishDate",
)
"""The date until which it shall be done: of features and epics, of bugs and issues, of tasks."""

POINTS: Final = (
    "Microsoft.VSTS.Scheduling.StoryPoints",
    "Microsoft.VSTS.Scheduling.Effort",
    "Microsoft.VSTS.Scheduling.Size",
)
"""The estimate: in the Agile process, in Scrum and Basic, in CMMI."""

BODIES: Final = (
    "System.Description",
    "Microsoft.VSTS.TCM.ReproSteps",
    "Microsoft.VSTS.TCM.SystemInfo",
    "Microsoft.VSTS.Common.AcceptanceCriteria",
    "Microsoft.VSTS.CMMI.MitigationPlan",
    "Microsoft.VSTS.CMMI.ContingencyPlan",
)
"""Rich text that says what it is about; bugs have no description but steps to reproduce them."""

RANKS: Final = frozenset({
    "Microsoft.VSTS.Common.StackRank",
    "Microsoft.VSTS.Common.BacklogPriority",
})  # fmt: skip

Values = Mapping[str, Any]


def text(values: Values, *names: str) -> str:
    """The first of the fields that holds a text; `Unmappable` where one holds something else."""
    for name in names:
        value = values.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            raise Unmappable(f"{name} is no text")
        return value
    return ""


def number(values: Values, *names: str) -> float | None:
    """The first of the fields that holds a number; `Unmappable` where one holds something else."""
    for name in names:
        value = values.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unmappable(f"{name} is no number")
        return float(value)
    return None


def shown(value: object) -> str:
    """Any field's value as people would read it, empty for none and for what has parts."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else ""
