"""Descriptions in the trackers' own markups, each with the words that people read in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from syncer.connect.testing.adapter import NativeText


def _node(type_: str, *content: Any, **attrs: Any) -> dict[str, Any]:
    node: dict[str, Any] = {"type": type_}
    if attrs:
        node["attrs"] = attrs
    if content:
        node["content"] = [
            {"type": "text", "text": one} if isinstance(one, str) else one for one in content
        ]
    return node


def _marked(text: str, mark: str) -> dict[str, Any]:
    return {"type": "text", "text": text, "marks": [{"type": mark}]}


# The nodes are listed in developer.atlassian.com/cloud/jira/platform/apis/document/structure.
_DOCUMENT: Final = _node(
    "doc",
    _node("heading", "Alpha", level=2),
    _node("paragraph", "bravo ", _marked("charlie", "strong"), _node("hardBreak"), "delta"),
    _node("paragraph", _node("mention", id="5b1", text="@Echo"), " ", _node("status", text="FOX")),
    _node("paragraph", _node("emoji", shortName=":golf:"), _node("inlineCard", url="https://h.example/hotel")),
    _node("bulletList", _node("listItem", _node("paragraph", "india"),
          _node("orderedList", _node("listItem", _node("paragraph", "juliett"))))),
    _node("taskList", _node("taskItem", "kilo", state="TODO"), localId="1"),
    _node("decisionList", _node("decisionItem", "lima", state="DECIDED"), localId="2"),
    _node("table", _node("tableRow", _node("tableHeader", _node("paragraph", "mike")),
                         _node("tableCell", _node("paragraph", "november")))),
    _node("codeBlock", "oscar = 1\npapa = 2", language="python"),
    _node("panel", _node("paragraph", "quebec"), panelType="info"),
    _node("expand", _node("paragraph", "sierra"), title="romeo"),
    _node("blockquote", _node("paragraph", "tango")),
    _node("somethingNew", _node("paragraph", "uniform")),
    _node("paragraph", "until ", _node("date", timestamp="1796083200000")),
    _node("mediaSingle", _node("media", id="1", alt="victor"), _node("caption", "whisky")),
    _node("extension", extensionType="x", extensionKey="y", text="xray"),
    _node("bodiedExtension", _node("paragraph", "yankee"), extensionType="x", extensionKey="y"),
)  # fmt: skip
DOCUMENTS: Final[Sequence[NativeText]] = (
    NativeText(
        native=_DOCUMENT | {"version": 1},
        words=("Alpha", "bravo", "charlie", "delta", "@Echo", "FOX", "golf", "hotel", "india",
               "juliett", "kilo", "lima", "mike", "november", "oscar", "papa", "quebec", "romeo",
               "sierra", "tango", "uniform", "until 2026-12-01", "victor\nwhisky\nxray\nyankee"),
    ),
    NativeText(native="a plain bravo", words=("plain", "bravo")),
)  # fmt: skip

# The marks are those of the "Text Formatting Notation Help" of every Jira.
WIKI: Final[Sequence[NativeText]] = (
    NativeText(
        native="h2. Alpha\r\nbravo *charlie* _delta_ {{echo}} [fox|https://f.example/golf]\r\n"
        "* hotel\r\n** india\r\n# juliett\r\n||kilo||lima||\r\n|mike|november|\r\n"
        "{code:title=oscar|java}papa(); // quebec{code}\r\n{panel:title=romeo}sierra{panel}\r\n"
        "bq. tango\r\n{color:red}uniform{color} [~victor] !whisky.png! -xray- {quote}yankee{quote}",
        words=("Alpha", "bravo", "charlie", "delta", "echo", "fox", "hotel", "india", "juliett",
               "kilo", "lima", "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra",
               "tango", "uniform", "victor", "whisky", "xray", "yankee"),
    ),
)  # fmt: skip

# The markup is described in docs.github.com/en/get-started/writing-on-github.
MARKDOWN: Final[Sequence[NativeText]] = (
    NativeText(
        native="## Alpha\r\n\r\nbravo **charlie** _delta_ `echo` [fox](https://f.example/golf)\r\n"
        "- [ ] hotel\r\n  - india\r\n1. juliett\r\n\r\n| kilo | lima |\r\n| --- | --- |\r\n"
        "| mike | november |\r\n\r\n```java\r\noscar(); // papa\r\n```\r\n> quebec\r\n\r\n"
        "<details><summary>romeo</summary>sierra</details> @tango ~~uniform~~ :victor: 5 < 6 "
        "whisky",
        words=("Alpha", "bravo", "charlie", "delta", "echo", "fox", "hotel", "india", "juliett",
               "kilo", "lima", "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra",
               "@tango", "uniform", "victor", "whisky"),
    ),
)  # fmt: skip

# What the editor of a rich text field stores, and what people paste into it.
HTML: Final[Sequence[NativeText]] = (
    NativeText(
        native="<div><h2>Alpha</h2><p>bravo <b>char</b>lie &amp; <i>delta</i><br>echo&nbsp;fox</p>"
        '<a href="https://g.example/golf">hotel</a><ul><li>india<ul><li>juliett</li></ul></li></ul>'
        "<table><tr><th>kilo</th><td>lima</td></tr></table><pre>mike = 1\nnovember = 2</pre>"
        '<img src="https://x.example/1" alt="oscar"><style>.none{}</style><!-- nobody -->'
        '<a href="#" data-vss-mention="version:2.0,1">@Papa Quebec</a><p>romeo</p>'
        "<u>5 &lt; 6 sierra</u><o:p>tango</o:p><details><summary>uniform</summary>victor",
        words=("Alpha", "bravo", "charlie", "&", "delta", "echo fox", "hotel", "golf", "india",
               "juliett", "kilo", "lima", "mike", "november", "oscar", "@Papa Quebec", "romeo",
               "5 < 6 sierra", "tango", "uniform", "victor"),
    ),
    NativeText(native="a plain bravo", words=("plain", "bravo")),
)  # fmt: skip
