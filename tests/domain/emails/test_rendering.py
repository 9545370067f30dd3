"""A template's words are ours; its variables are anybody's."""

import pytest

from fitmycv_admin.domain.emails import rendering
from fitmycv_admin.domain.emails.defaults import DEFAULTS
from fitmycv_admin.vocabulary import Language, Trigger

ALLOWED = ("userName", "verificationUrl")
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><a href="https://evil.example">click</a>',
    "&lt;a href=https://evil.example&gt;x&lt;/a&gt;",
    "{{verificationUrl}}",
]


def rendered(subject: str = "Hi", body: str = "", plain: str = "", **variables: str) -> rendering.Rendered:
    return rendering.render(subject, body, plain, variables, allowed=ALLOWED, language=Language.EN)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_variable_never_becomes_markup(name: str) -> None:
    made = rendered(
        body='<p>Hello {{userName}}</p><a href="{{verificationUrl}}">go</a>',
        userName=name,
        verificationUrl="https://fitmycv.example/x",
    )
    assert made.html.count("<a ") == 1
    assert "<script" not in made.html
    assert "<img" not in made.html
    assert '<a href="https://evil' not in made.html


def test_a_value_is_not_read_as_a_variable_again() -> None:
    made = rendered(
        plain="{{userName}}", body="{{userName}}", userName="{{verificationUrl}}", verificationUrl="https://a.example/s"
    )
    assert made.text == "{{verificationUrl}}"
    assert "https://a.example" not in made.html


@pytest.mark.parametrize("value", ["Ada\r\nBcc: x@evil.example", "Ada\nX: y", "Ada\u2028B", "\x00Ada\x0b"])
def test_a_subject_stays_one_line(value: str) -> None:
    made = rendered("Welcome {{userName}}", userName=value)
    assert made.subject.isprintable()
    assert made.subject.startswith("Welcome ")


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/x", "", "https://", "http://a b", 'https://a"b',
     "https://a.example/\r\nX: y", "ftp://a.example"],
)  # fmt: skip
def test_only_web_links_are_links(link: str) -> None:
    with pytest.raises(rendering.BadTemplate):
        rendered(verificationUrl=link)


def test_a_variable_that_the_trigger_does_not_have_is_a_mistake() -> None:
    with pytest.raises(rendering.BadTemplate):
        rendered(password="x")


def test_what_has_no_value_is_not_shown_as_a_variable() -> None:
    made = rendered("Hi {{userName|you}}", "<p>{{ userName | <b>you</b> }} {{nobody}}</p>", "{{nobody}}.")
    assert made.subject == "Hi you"
    assert made.text == "."
    assert "{{" not in made.html
    assert "&lt;b&gt;you" in made.html


def test_a_template_cannot_carry_scripts_or_foreign_links() -> None:
    body = (
        '<p onclick="x()" style="position:fixed;color:red">a</p><a href="javascript:x">b</a>'
        "<form><input></form><script>x</script>"
    )
    made = rendered(body=body)
    for part in ("onclick", "position", "javascript:", "<form", "<input", "<script"):
        assert part not in made.html
    assert "color:red" in made.html


def test_an_empty_subject_is_refused() -> None:
    with pytest.raises(rendering.BadTemplate):
        rendered("{{userName}}", userName="\r\n")


@pytest.mark.parametrize("trigger", Trigger)
@pytest.mark.parametrize("language", Language)
def test_every_trigger_has_words_in_every_language(trigger: Trigger, language: Language) -> None:
    default = DEFAULTS[trigger]
    words = default.wordings[language]
    used = rendering.variables_in(words.subject, words.html(), words.text())
    assert used <= set(default.variables)
    made = rendering.render(
        words.subject, words.html(), words.text(), default.variables, allowed=default.variables, language=language
    )
    assert "{{" not in made.subject + made.html + made.text
    assert made.html.count("<a ") == (1 if words.button else 0)
    assert words.design()["content"]


def test_french_mails_follow_french_typography() -> None:
    import re

    for default in DEFAULTS.values():
        words = default.wordings[Language.FR]
        for text in (words.subject, words.heading, *words.before, *words.after):
            assert not re.search(r"[^\u00a0\u202fs/p][:;?!](?!\S)", text), text
            assert "'" not in text, text
