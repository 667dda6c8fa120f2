"""What headers tell of limits: as vendors write them, and whatever else may stand there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.connect.quota import LONGEST_WINDOW, Quota, limited_reach, quotas_of
from tests.unit.connect.servers import NOON


def seconds(count: int) -> datetime:
    return NOON + timedelta(seconds=count)


THEIRS = NOON + timedelta(hours=9)
"""The tracker's own clock, nine hours ahead of ours."""


@pytest.mark.parametrize(
    ("headers", "quota"),
    [
        pytest.param(
            {
                "X-RateLimit-Limit": "5000",
                "X-RateLimit-Remaining": "4999",
                "X-RateLimit-Reset": str(int(THEIRS.timestamp()) + 1800),
                "X-RateLimit-Resource": "core",
                "Date": format_datetime(THEIRS, usegmt=True),
            },
            Quota(resource="core", limit=5000, remaining=4999, resets_at=seconds(1800)),
            id="GitHub",
        ),
        pytest.param(
            {"X-RateLimit-Limit": "350", "X-RateLimit-Remaining": "349"},
            Quota(limit=350, remaining=349, resets_at=seconds(1)),
            id="Jira Cloud, a burst",
        ),
        pytest.param(
            {
                "X-RateLimit-Limit": "100",
                "X-RateLimit-Remaining": "40",
                "X-RateLimit-Reset": (NOON + timedelta(minutes=5)).isoformat(),
            },
            Quota(limit=100, remaining=40, resets_at=seconds(300)),
            id="Jira Cloud, with a reset",
        ),
        pytest.param(
            {
                "Beta-RateLimit-Policy": '"tenant-app-quota";q=100100;w=3600',
                "Beta-RateLimit": '"tenant-app-quota";r=17842;t=2107',
            },
            Quota(
                policy="tenant-app-quota", limit=100100, remaining=17842, resets_at=seconds(2107)
            ),
            id="Jira Cloud, points",
        ),
        pytest.param(
            {"X-RateLimit-NearLimit": "true"},
            Quota(policy="near", limit=100, remaining=1, resets_at=seconds(60)),
            id="Jira Cloud, nearly used up",
        ),
        pytest.param(
            {
                "X-RateLimit-Limit": "100",
                "X-RateLimit-Remaining": "5",
                "X-RateLimit-FillRate": "20",
                "X-RateLimit-Interval-Seconds": "60",
            },
            Quota(limit=100, remaining=5, resets_at=seconds(300)),
            id="Jira Data Center, a bucket",
        ),
        pytest.param(
            {"RateLimit-Limit": "60", "RateLimit-Remaining": "6", "RateLimit-Reset": "13"},
            Quota(limit=60, remaining=6, resets_at=seconds(13)),
            id="the IETF's older draft",
        ),
        pytest.param(
            {"RateLimit-Policy": '"default";q=100;w=10', "RateLimit": '"default";r=50;t=5'},
            Quota(policy="default", limit=100, remaining=50, resets_at=seconds(5)),
            id="the IETF's draft",
        ),
    ],
)
def test_what_is_left_is_read_as_each_vendor_tells_it(
    headers: dict[str, str], quota: Quota
) -> None:
    assert quotas_of(headers, now=NOON) == (quota,)


def test_linear_counts_requests_and_complexity_each_by_itself() -> None:
    reset = str(round((NOON.timestamp() + 1800) * 1000))
    told = quotas_of(
        {
            "X-RateLimit-Requests-Limit": "5000",
            "X-RateLimit-Requests-Remaining": "4990",
            "X-RateLimit-Requests-Reset": reset,
            "X-RateLimit-Complexity-Limit": "250000",
            "X-RateLimit-Complexity-Remaining": "900",
            "X-RateLimit-Complexity-Reset": reset,
        },
        now=NOON,
    )
    assert told == (
        Quota(policy="requests", limit=5000, remaining=4990, resets_at=seconds(1800)),
        Quota(policy="complexity", limit=250_000, remaining=900, resets_at=seconds(1800)),
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-RateLimit-Limit": "0", "X-RateLimit-Remaining": "0"},
        {"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": "5"},
        {"X-RateLimit-Limit": "-5", "X-RateLimit-Remaining": "-6"},
        {"X-RateLimit-NearLimit": "false"},
        {"RateLimit": "unlimited"},
    ],
)
def test_what_tells_nothing_is_no_quota(headers: dict[str, str]) -> None:
    assert quotas_of(headers, now=NOON) == ()


NAMES = [
    f"{prefix}RateLimit{part}"
    for prefix in ("", "X-", "Beta-")
    for part in ("", "-Policy", "-Limit", "-Remaining", "-Reset", "-Resource", "-NearLimit")
] + [f"X-RateLimit-Complexity-{part}" for part in ("Limit", "Remaining", "Reset")]
VALUES = st.one_of(
    st.text(max_size=60),
    st.integers().map(str),
    st.from_regex(r'"?[a-z]+"?(;[a-z]=[0-9]{1,20}){0,3}', fullmatch=True),
)


@given(st.dictionaries(st.sampled_from([*NAMES, "Date"]), VALUES))
def test_whatever_headers_hold_a_reset_is_never_past_nor_far(headers: dict[str, str]) -> None:
    for quota in quotas_of(headers, now=NOON):
        assert NOON <= quota.resets_at <= NOON + LONGEST_WINDOW
        assert 0.0 <= quota.share() <= 1.0
        assert quota.resets_at.tzinfo is UTC


@given(st.text(), st.text())
def test_a_limit_is_on_something_that_can_be_named(reason: str, resource: str) -> None:
    headers = {"RateLimit-Reason": reason, "X-RateLimit-Resource": resource}
    assert len(limited_reach(headers, "GET /x")) < 100
