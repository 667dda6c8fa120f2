"""Hostile titles in every format, what each lens names, and what nobody may read."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from syncer.domain.portfolio import ProjectKind
from syncer.domain.report import Evidence, ItemDateMove, ItemMention, Snapshot
from syncer.domain.statement import DateMove, OwnerStatus
from syncer.domain.verdict import VerdictLevel
from syncer.publish.audience import AudienceView
from syncer.publish.digest.compose import compose
from syncer.publish.render.formats import RENDERERS
from syncer.publish.render.html import render_html
from syncer.publish.render.markdown import escape, render_markdown
from tests.unit.publish.builders import (
    AS_OF,
    EXECUTIVE,
    PRODUCT_VIEW,
    PROGRAM_VIEW,
    decision,
    gate,
    item,
    risk,
    said,
    view,
)
from tests.unit.publish.portfolios import (
    DEMO,
    LATE_DEMO,
    LATE_SITES,
    LEVERS,
    PERMIT,
    example,
    example_before,
    network,
    phone,
    regulatory,
)

HOSTILE = (
    '<script>alert(1)</script><img src=x onerror="alert(2)">',
    "<svg onload=alert(3)><style>@import url(//evil.example/x)</style>",
    "<base href=//evil.example><form action=//evil.example>",
    "[bank](https://evil.example) ![pixel](https://evil.example/p.png)",
    "a | b `c` *d* _e_ ~f~ <http://evil.example|x>",
    "javascript:alert(4) www.evil.example https://evil.example/x",
    "{{7*7}} {% raw %} {{config}} {0.__class__} %n $x$",
    "]]> </td></tr></table> &lt;b&gt; &#60;b&#62;",
    "pay\u202egnp.exe \u2066x\u2069 ad\u200bmin",
    "line\r\nBcc: x@y.example\u2028next\x00end",
    "'; DROP TABLE items; --" + "A" * 100_000,
)


def hostile(text: str) -> Snapshot:
    """The example with one text wherever a tracker or a person can put one."""
    bad = replace(PERMIT, title=text, url="javascript:alert(1)")
    move = DateMove(at=AS_OF, before=bad.due, after=AS_OF.date(), by=text, reason=text)
    edge = replace(LATE_SITES, root=bad, predecessor=bad)
    candidates = tuple(item(f"NET-{n}", text, "network", url="data:text/html,x") for n in range(31))
    projects = (
        replace(
            network(
                dependencies=(edge,),
                levers=replace(LEVERS, candidates=candidates),
                target_moves=(move,),
            ),
            name=text,
        ),
        regulatory(beyond_safe=(bad,)),
        phone(dependencies=(replace(LATE_DEMO, root=bad, waiting=replace(DEMO, title=text)),)),
    )
    evidence = Evidence(label=text, value=text, formula=text, items=(text,), url="vbscript:x")
    return example(
        projects=projects,
        risks=(
            risk(
                "DEP-2",
                "portfolio",
                text,
                16,
                "critical",
                owner=text,
                ask=text,
                next_step=text,
                root=bad,
                evidence=(evidence,),
            ),
        ),
        gates=(gate("network", text, AS_OF.date(), 0.5, text),),
        decisions=(
            decision("network", text, decider=text, recommendation=text, confirmed_by=text),
        ),
        owner_statuses=(
            OwnerStatus(scope="prog:5g", text=text, value=None, provenance=said(text)),
        ),
        recent_moves=(ItemDateMove(item=bad, move=move, working_days=1),),
        unclaimed=(bad,),
    )


class Page(HTMLParser):
    """Collects the elements and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:24] for text in HOSTILE])
def test_a35_a36_a38_hostile_text_is_only_text_in_html(text: str) -> None:
    page = render_html(compose(hostile(text), None, (), audience=EXECUTIVE))
    parsed = Page(page)
    assert not parsed.tags & {"script", "img", "iframe", "object", "form", "base", "link", "input"}
    assert not [name for name, _ in parsed.attributes if name.startswith("on") or name == "style"]
    assert "src" not in {name for name, _ in parsed.attributes}
    links = [value for name, value in parsed.attributes if name == "href"]
    assert links
    assert all(link.startswith(("#", "https://acme.example/")) for link in links)
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:24] for text in HOSTILE])
def test_a43_a37_hostile_text_is_contained_in_markdown(text: str) -> None:
    markdown = render_markdown(compose(hostile(text), None, (), audience=EXECUTIVE))
    bare = re.sub(r"\\.", "", markdown)
    for line in bare.splitlines():
        if line.startswith("|"):
            assert line.count("|") == 5
    assert "](https://evil" not in bare
    assert "<script" not in bare
    assert not re.search(r"https?://evil|www\.evil|`", bare)
    for target in re.findall(r"\]\(<?([^)>]*)", bare):
        assert target.startswith("https://acme.example/")


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:24] for text in HOSTILE])
@pytest.mark.parametrize("ending", sorted(RENDERERS))
def test_a33_a45_no_format_carries_control_characters_or_runs_a_template(
    ending: str, text: str
) -> None:
    digest = compose(hostile(text), None, (), audience=EXECUTIVE)
    shown = RENDERERS[ending](digest)
    assert not set(shown) & set("\x00\r\x0b\u2028\u202e\u2066\u200b")
    assert "49" not in digest.headline + digest.subject
    assert "\nBcc:" not in shown
    assert len(digest.subject) <= 60
    assert digest.word_count <= 350
    assert max(len(line) for line in shown.splitlines()) < 20_000


def test_a45_template_marks_stand_as_they_are() -> None:
    shown = render_html(compose(hostile("{{7*7}} now"), None, (), audience=EXECUTIVE))
    assert "{{7*7}} now" in shown


def test_escaping_keeps_plain_words_readable() -> None:
    plain = "North permit 9 days after site start (26 due), ≈ €184k – 30 %"
    assert escape(plain) == plain


# --- lenses ----------------------------------------------------------------------------------


def texts(snapshot: Snapshot, audience: AudienceView) -> str:
    digest = compose(snapshot, example_before(), (), audience=audience)
    return "\n".join(render(digest) for render in RENDERERS.values())


def with_level(level: VerdictLevel, **changes: object) -> Snapshot:
    """The example with the phone's demo at another level."""
    demo = replace(DEMO, level=level, title="Demo of the secret fold", **changes)  # type: ignore[arg-type] # any field
    return example(
        projects=(network(), regulatory(), phone(dependencies=(replace(LATE_DEMO, waiting=demo),))),
        risks=(
            risk("DEP-3", "proj:phone", f"{demo.title} is late", 9, "medium", subjects=(demo,)),
        ),
    )


def test_the_executive_lens_names_only_program_level_items() -> None:
    shown = texts(with_level(VerdictLevel.PRODUCT), EXECUTIVE)
    assert "Demo of the secret fold" not in shown
    assert "1 item 2 days late (North permit)" in shown
    assert "1 item of Smartphone is late" in shown


def test_the_executive_lens_leaves_out_product_level_risks_and_gates() -> None:
    own = replace(gate("phone", "Polish", AS_OF.date(), 0.5, "X"), level=VerdictLevel.PRODUCT)
    low = risk("HUM-1", "proj:phone", "Glue dries", 20, "critical", level=VerdictLevel.PRODUCT)
    now = example(gates=(own,), risks=(low,))
    assert "Polish" not in texts(now, EXECUTIVE)
    assert "Glue dries" not in texts(now, EXECUTIVE)
    assert "Polish" in texts(now, PRODUCT_VIEW)
    assert "Glue dries" in texts(now, PRODUCT_VIEW)


def test_the_product_lens_names_product_items_and_both_ends_of_dependencies() -> None:
    shown = texts(with_level(VerdictLevel.PRODUCT), PRODUCT_VIEW)
    assert (
        "Demo of the secret fold waits for Build the North sites (Network), 2 days late." in shown
    )
    assert "5G Infrastructure" not in shown


def test_the_product_lens_names_no_program_item_that_is_no_dependency() -> None:
    mine = item("PHN-9", "Board presentation", "phone")
    now = example(projects=(network(), phone(beyond_safe=(replace(mine, due=PERMIT.due),))))
    assert "Board presentation" not in texts(now, PRODUCT_VIEW)
    assert "Board presentation" in texts(now, EXECUTIVE)


def test_the_program_lens_names_all_and_lists_who_waits_for_whom() -> None:
    shown = texts(with_level(VerdictLevel.PRODUCT), PROGRAM_VIEW)
    assert "Who waits for whom" in shown
    assert "Demo of the secret fold" in shown


# --- restricted items ------------------------------------------------------------------------

SECRET = "Acquire the rival company"


def secret(mention: ItemMention) -> ItemMention:
    return replace(mention, title=SECRET, key="SEC-666", uid="jira:SEC-666", restricted=True)


def with_secrets() -> Snapshot:
    """The example with a restricted item in every place that can mention one."""
    hidden = secret(PERMIT)
    edge = replace(LATE_SITES, root=hidden, predecessor=hidden)
    move = DateMove(at=AS_OF, before=PERMIT.due, after=AS_OF.date())
    told = risk(
        "DEP-2",
        "portfolio",
        f"{SECRET} 9 days after site start; {SECRET[:17]}… (SEC-666)",
        16,
        "critical",
        root=hidden,
        subjects=(hidden,),
        evidence=(Evidence(label=SECRET, value="9 days", items=("SEC-666", "jira:SEC-666")),),
    )
    return example(
        projects=(
            network(dependencies=(edge,), levers=replace(LEVERS, candidates=(hidden,) * 31)),
            regulatory(beyond_safe=(hidden,)),
            phone(dependencies=(replace(LATE_DEMO, root=hidden, predecessor=hidden),)),
        ),
        risks=(told,),
        recent_moves=(ItemDateMove(item=hidden, move=move, working_days=10),),
        unclaimed=(hidden,),
    )


@pytest.mark.parametrize("audience", [EXECUTIVE, PROGRAM_VIEW, PRODUCT_VIEW], ids=lambda v: v.key)
def test_a_restricted_item_is_counted_and_never_named_keyed_or_linked(
    audience: AudienceView,
) -> None:
    shown = texts(with_secrets(), audience)
    assert "restricted item" in shown
    for trace in ("Acquire", "rival", "SEC-666"):
        assert trace not in shown


def test_an_audience_may_be_spared_even_the_number_of_restricted_items() -> None:
    counted, silent = (
        compose(example(restricted=7), None, (), audience=view(count_restricted=flag))
        for flag in (True, False)
    )
    assert "7 restricted items withheld." in [claim.text for claim in counted.trust]
    assert not [claim for claim in silent.trust if "restricted" in claim.text]


def test_a_key_inside_another_key_is_not_torn_apart() -> None:
    hidden = replace(secret(PERMIT), key="NET-1", uid="jira:1")
    now = example(
        projects=(network(), regulatory(beyond_safe=(hidden,)), phone()),
        risks=(risk("HUM-1", "proj:network", "NET-12 and NET-1 collide", 9, "medium"),),
    )
    digest = compose(now, None, (), audience=EXECUTIVE)
    assert digest.risks[0].title == "NET-12 and restricted item collide"


def test_links_lead_only_to_configured_origins() -> None:
    digest = compose(example(), None, (), audience=view(link_origins=frozenset()))
    assert not [item.url for item in digest.decisions[0].options[0].items if item.url]
    assert "browse" not in json.dumps(json.loads(RENDERERS["json"](digest)))


def test_the_phone_is_a_product_in_the_builders() -> None:
    assert phone().kind is ProjectKind.PRODUCT


def test_a_restricted_title_that_holds_a_project_name_is_not_shortened_into_sight() -> None:
    hidden = replace(secret(PERMIT), title="Network upgrade is sold to a rival")
    sold = risk("HUM-1", "proj:network", "Network upgrade is sold to a rival", 20, "critical")
    now = example(projects=(network(), regulatory(beyond_safe=(hidden,)), phone()), risks=(sold,))
    assert "rival" not in texts(now, EXECUTIVE)


def test_evidence_shows_keys_where_the_snapshot_tells_them() -> None:
    told = risk(
        "DEP-2",
        "portfolio",
        "late",
        16,
        "critical",
        root=PERMIT,
        evidence=(Evidence(label="a", value="b", items=(PERMIT.uid, "jira:10042")),),
    )
    digest = compose(example(risks=(told,)), None, (), audience=EXECUTIVE)
    assert digest.risks[0].evidence[1].items == ("REG-112", "jira:10042")


def test_an_audience_that_must_not_count_restricted_items_reads_nothing_of_them() -> None:
    for audience in (EXECUTIVE, PROGRAM_VIEW, PRODUCT_VIEW):
        spared = replace(audience, count_restricted=False)
        shown = texts(with_secrets(), spared)
        assert "restricted item" not in shown
        assert "unclaimed" not in shown
        assert "SEC-666" not in shown
