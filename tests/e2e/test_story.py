"""The whole story in a browser, in both languages: from a PDF to a score, and to what it cost."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor, mail_link, pdf_file
from tests.evals import adverts, fixtures

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]

MODEL = "offline-rules-1"
SCORES = "/ops/ai-costs/calls?feature=match_score"


@dataclass(frozen=True)
class Material:
    """What a person brings along."""

    name: str
    pdf: bytes
    advert: str
    title: str


def material(lang: str) -> Material:
    """A real PDF and an advert in a language; the advert ends differently each time, so that it is a new one."""
    person = next(found for found in fixtures.PEOPLE if found.language == lang)
    cv = next(fixtures.all_fixtures((person,), ("single_column",)))
    advert = next(found for found in adverts.ADVERTS if found.name.startswith(lang))
    return Material(person.name, cv.pdf, f"{advert.text}\nRef. {secrets.token_hex(4)}", advert.title)


def register(someone: Visitor) -> None:
    """A new account: form, message, link, button."""
    address = f"{secrets.token_hex(5)}@exemple.fr"
    page = someone.go("/register")
    page.fill("[name=name]", "Claire Dupond")
    page.fill("[name=email]", address)
    page.fill("[name=password]", "lampe-orage-17-velours")
    page.check("[name=privacy]")
    page.click("button[type=submit]")
    page.wait_for_url("**/check-mail**")
    page.goto(mail_link(someone, address))
    page.wait_for_url("**/verify-email**")
    someone.settle()
    page.click("main button[type=submit]")
    page.wait_for_url("**/cvs")
    someone.settle()


def import_cv(someone: Visitor, brought: Material, folder: Path) -> None:
    """Choose the PDF, land on the CV; how far it is may be gone before one looks."""
    page = someone.page
    expect(page.locator("#empty")).to_contain_text(someone.say("cvs.library.empty"))
    expect(page.locator("#import [data-price]")).to_have_text(
        someone.say("entitlement.price.credits", cost=2, available=15)
    )
    page.set_input_files("input[type=file]", pdf_file(folder, "Mon CV.pdf", brought.pdf))
    page.wait_for_url(re.compile(r"/cvs/[0-9a-f-]{36}$"), timeout=30_000)
    expect(page.locator(".sheet-name")).to_have_text(brought.name)
    expect(page.locator(".page-head .chip")).to_have_text(someone.say("kit.mark.without_ai"))


def add_offer(someone: Visitor, brought: Material) -> None:
    """Paste the advert and wait until it is read, every requirement with its sentence."""
    page = someone.go("/offers")
    page.fill("#text", brought.advert)
    page.click("#new-offer button[type=submit]")
    page.wait_for_url(re.compile(r"/offers/[0-9a-f-]{36}$"))
    page.wait_for_selector("#reading", timeout=30_000)
    expect(page.locator("#reading .sheet-name")).to_have_text(brought.title)
    named = page.locator("#reading .asked li")
    assert named.count() >= 3
    for line in named.all():
        name, sentence = line.locator("b").inner_text(), line.locator(".said").inner_text()
        assert name.casefold() in sentence.casefold()
        assert sentence.strip("«»“”\u00a0 ") in " ".join(brought.advert.split())


def ask_score(someone: Visitor) -> int:
    """Ask for the score and wait until it stands there; the score."""
    page = someone.page
    page.click(f"text={someone.say('cvs.compare.ask')}")
    page.wait_for_url(re.compile(r"/match/"))
    page.wait_for_selector(".ring", timeout=30_000)
    paid = page.locator("[data-receipt=captured] summary")
    expect(paid).to_contain_text(someone.say("entitlement.receipt.credits", n=1))
    return int(page.locator(".ring text").text_content() or "")


def ask_again(someone: Visitor) -> None:
    """Ask for the same score once more, and wait for it."""
    page = someone.page
    button = page.locator("#score button.btn", has_text=someone.say("cvs.score.again"))
    button.click()
    page.wait_for_selector("#score [data-task-state]")
    expect(page.locator("#score .bar[role=progressbar]")).to_have_count(0, timeout=30_000)
    expect(button).to_be_enabled()


def see_evidence(someone: Visitor, score: int) -> None:
    """Four parts that sum to the score, a line of the CV for what is shown, and what is missing."""
    page = someone.page
    expect(page.locator("[data-part]")).to_have_count(4)
    heads = page.locator("section.card:has(.requirements) .card-head .push").all_inner_texts()
    assert sum(int(re.findall(r"\d+", head)[0]) for head in heads) == score
    shown = page.locator("details.requirement[data-level=full]:has(a.proof)").first
    shown.locator("summary").click()
    proof = shown.locator("a.proof").first
    item = (proof.get_attribute("href") or "").partition("#")[2]
    proof.click()
    expect(page.locator(f".sheet [id='{item}']")).to_be_in_viewport()
    assert page.url.endswith(f"#{item}")
    absent = page.locator("details.requirement[data-level=none] .requirement-label").all_inner_texts()
    missing = [re.split(r"\s·\s", words)[0] for words in page.locator("#missing li").all_inner_texts()]
    assert missing
    assert set(missing) <= set(absent)


def survives_a_reload(someone: Visitor) -> None:
    """Whatever the tab knew, the page comes back from the database."""
    score = someone.page.locator(".ring text").text_content() or ""
    someone.page.reload()
    expect(someone.page.locator(".ring text")).to_have_text(score)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_person_gets_from_a_pdf_to_a_score_with_its_evidence(
    visitor: Callable[..., Visitor], tmp_path: Path, lang: str
) -> None:
    someone, brought = visitor(lang), material(lang)
    register(someone)
    someone.picture(f"{lang}-library-empty")
    import_cv(someone, brought, tmp_path)
    someone.picture(f"{lang}-cv")
    add_offer(someone, brought)
    someone.picture(f"{lang}-offer")
    score = ask_score(someone)
    assert 0 < score <= 100
    someone.picture(f"{lang}-score")
    see_evidence(someone, score)
    survives_a_reload(someone)
    assert someone.complaints == []


def calls(ops: Visitor) -> dict[str, str]:
    """The scores in the list of calls, newest first: id and cost."""
    ops.go(SCORES)
    ops.page.wait_for_selector("tr[data-row]")
    rows = ops.page.locator("tr[data-row]").all()
    return {row.get_attribute("data-row") or "": row.locator("[data-col=cost]").inner_text() for row in rows}


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_ops_sees_the_cost_live_and_a_new_price_leaves_the_past_alone(
    visitor: Callable[..., Visitor], tmp_path: Path, lang: str
) -> None:
    someone, ops, brought = visitor(lang), visitor(lang), material(lang)
    register(someone)
    import_cv(someone, brought, tmp_path)
    add_offer(someone, brought)
    ops.sign_in("ops@exemple.fr")
    ops.speak(lang)
    change_price(ops, "0.2", "0.8")
    figures = ops.go("/ops/ai-costs?period=today").locator(".kpis")
    before = figures.inner_text()
    ask_score(someone)
    expect(figures).not_to_have_text(before, timeout=10_000)
    ops.picture(f"{lang}-ops-costs")
    before_change = calls(ops)
    ops.picture(f"{lang}-ops-calls")
    past = next(iter(before_change))
    change_price(ops, "40", "80")
    ops.picture(f"{lang}-ops-prices")
    ask_again(someone)
    after_change = calls(ops)
    newest = next(iter(after_change))
    assert newest != past
    assert dollars(after_change[newest]) > 10 * dollars(before_change[past])
    in_both = before_change.keys() & after_change.keys()
    assert past in in_both
    assert {one: after_change[one] for one in in_both} == {one: before_change[one] for one in in_both}
    change_price(ops, "0.1", "0.4")
    assert someone.complaints == []
    assert ops.complaints == []


def dollars(amount: str) -> float:
    """An amount as either language writes it."""
    return float(re.sub(r"[^\d.,]", "", amount).replace(",", "."))


def change_price(ops: Visitor, cost_in: str, cost_out: str) -> None:
    """Give the model new prices from now on."""
    page = ops.go(f"/ops/ai-costs/pricing?model={MODEL}&tier=standard")
    page.click(f"text={ops.say('ai_costs.change_price')}")
    dialog = page.locator("dialog[open]")
    dialog.locator("[name=input]").fill(cost_in)
    dialog.locator("[name=output]").fill(cost_out)
    dialog.locator("[name=reason]").fill("Browser test of a new price")
    dialog.locator("button[type=submit]").click()
    expect(dialog.locator("button[type=submit]")).to_have_text(ops.say("ai_costs.save_price"))
    if dialog.locator("[name=confirmed]").count():
        dialog.locator("[name=confirmed]").check()
    dialog.locator("button[type=submit]").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
