"""Forms of accounts over a real socket: cookies, origins, limits, and no word about who has an account."""

import logging
import statistics
import time
from urllib.parse import unquote

import pytest

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.security import digest
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.accounts import people
from fitmycv_admin.local.valkey import Valkey
from fitmycv_admin.models.accounts import User
from fitmycv_admin.vocabulary import Role, Trigger
from tests.api.conftest import Answer, Browser
from tests.domain.accounts.conftest import PASSWORD, address, last_token, mails, make_user

SID = sessions.COOKIE
POSTS = [
    "sign-in", "sign-up", "sign-out", "sign-out-everywhere", "forgot", "reset", "verify", "verify/resend",
    "email-change", "email-change/cancel", "email-change/confirm", "password", "name", "sessions/end", "preferences",
]  # fmt: skip


def person(role: Role = Role.USER, *, verified: bool = True) -> User:
    with transaction() as db:
        return make_user(db, role, verified=verified)


def token_of(to: str, trigger: Trigger) -> str:
    with transaction() as db:
        return last_token(db, to, trigger)


def count(to: str) -> int:
    with transaction() as db:
        return len(mails(db, to))


def sign_in(browser: Browser, user: User, password: str = PASSWORD, **fields: str) -> Answer:
    return browser.post("/auth/sign-in", {"email": user.email or "", "password": password, **fields})


def alive(token: str) -> bool:
    with transaction() as db:
        return sessions.resolve(db, token) is not None


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_never_see(browser: Browser) -> None:
    answer = sign_in(browser, person())
    line = answer.cookie(SID)
    assert (answer.status, answer.to) == (303, "/")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age="):
        assert part.lower() in line.lower()
    assert "domain" not in line.lower()
    assert answer.header("cache-control") == "no-store"
    assert alive(browser.cookies[SID])


def test_a_session_brought_along_is_replaced(browser: Browser) -> None:
    user = person()
    sign_in(browser, user)
    first = browser.cookies[SID]
    sign_in(browser, user)
    assert browser.cookies[SID] != first
    assert not alive(first)
    browser.cookies[SID] = "chosen-by-an-attacker"
    sign_in(browser, user)
    assert browser.cookies[SID] != "chosen-by-an-attacker"


@pytest.mark.parametrize(
    "next_path", ["//evil.example", "/\\evil.example", "https://evil.example", "/auth/sign-out", "x"]
)
def test_nobody_is_sent_elsewhere(browser: Browser, next_path: str) -> None:
    assert sign_in(browser, person(), next=next_path).to == "/"


def test_the_way_to_the_page_one_came_for_is_kept(browser: Browser) -> None:
    assert sign_in(browser, person(), next="/cvs?sort=new").to == "/cvs?sort=new"
    assert sign_in(browser, person(Role.OPS)).to == "/ops"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", None, "http://127.0.0.1", "http://127.0.0.1:1"])
@pytest.mark.parametrize("path", POSTS)
def test_forms_of_other_sites_are_refused(browser: Browser, path: str, origin: str | None) -> None:
    answer = browser.post(f"/auth/{path}", {"email": "a@example.org"}, origin=origin)
    assert answer.status == 403
    assert answer.header("set-cookie") == ""


@pytest.mark.parametrize("path", POSTS)
def test_a_get_changes_nothing(browser: Browser, path: str) -> None:
    assert browser.get(f"/auth/{path}?token=x&email=a@example.org").status == 405


@pytest.mark.parametrize(
    "path", ["sign-out-everywhere", "email-change", "email-change/cancel", "password", "name", "sessions/end"]
)
def test_without_a_session_nothing_of_an_account_moves(browser: Browser, path: str) -> None:
    answer = browser.post(f"/auth/{path}", {"name": "x", "session": "x", "current": "x", "password": "x"})
    assert answer.to.startswith("/sign-in?error=accounts.error.session_ended")


@pytest.mark.parametrize(
    ("kind", "body"),
    [("application/json", "{}"), ("multipart/form-data; boundary=x", "--x--"), ("text/plain", "email=a"),
     ("application/x-www-form-urlencoded", "email=a&email=b"),
     ("application/x-www-form-urlencoded", "email=" + "a" * 3000),
     ("application/x-www-form-urlencoded", "email=%00"),
     ("application/x-www-form-urlencoded", "&".join(f"f{n}=1" for n in range(50)))],
)  # fmt: skip
def test_what_is_no_small_form_is_refused(browser: Browser, kind: str, body: str) -> None:
    answer = browser.request("POST", "/auth/sign-in", body, {"origin": browser.origin, "content-type": kind})
    assert answer.to == "/sign-in?error=accounts.error.bad_form"


def test_a_sign_up_ends_signed_in_after_the_click_in_the_same_browser(browser: Browser) -> None:
    email = address()
    fields = {"name": "Ada", "email": email, "password": PASSWORD, "language": "en", "privacy": "yes"}
    answer = browser.post("/auth/sign-up", fields)
    assert answer.to == "/check-mail?why=verify"
    assert SID not in browser.cookies
    token = token_of(email, Trigger.EMAIL_VERIFICATION)
    assert browser.get(f"/auth/verify?token={token}").status == 405
    assert browser.post("/auth/verify", {"token": token}).to == "/"
    assert alive(browser.cookies[SID])
    assert browser.post("/auth/verify", {"token": token}).to.startswith("/verify-email?error=accounts.error.link_spent")


def test_another_browser_verifies_without_being_signed_in(browser: Browser, port: int) -> None:
    email = address()
    fields = {"name": "Ada", "email": email, "password": PASSWORD, "privacy": "yes"}
    browser.post("/auth/sign-up", fields)
    other = Browser(port)
    assert other.post("/auth/verify", {"token": token_of(email, Trigger.EMAIL_VERIFICATION)}).to.endswith(
        "done=verified"
    )
    assert SID not in other.cookies


def test_sign_up_and_forgotten_passwords_answer_the_same_for_every_address(browser: Browser) -> None:
    known, waiting = person().email or "", person(verified=False).email or ""
    fields = {"name": "Ada", "password": PASSWORD, "privacy": "yes"}
    ups = [browser.post("/auth/sign-up", {**fields, "email": email}) for email in (known, waiting, address())]
    forgots = [browser.post("/auth/forgot", {"email": email}) for email in (known, waiting, address(), "no address")]
    agains = [browser.post("/auth/verify/resend", {"email": email}) for email in (known, waiting, address())]
    for answers in (ups, forgots, agains):
        shapes = {
            (answer.status, answer.to, answer.body, tuple(sorted(name for name, _ in answer.headers)),
             len(answer.cookie("__Host-signup")))
            for answer in answers
        }  # fmt: skip
        assert len(shapes) == 1, shapes


def test_a_wrong_address_and_a_wrong_password_read_the_same(browser: Browser) -> None:
    known = sign_in(browser, person(), "not the password")
    unknown = browser.post("/auth/sign-in", {"email": address(), "password": "not the password"})
    assert (known.status, known.to, known.body) == (unknown.status, unknown.to, unknown.body)
    assert known.to == "/sign-in?error=accounts.error.wrong_credentials"


def _differ(one: list[float], other: list[float]) -> float:
    first, second = statistics.median(one), statistics.median(other)
    return abs(first - second) / max(first, second)


def _timed(browser: Browser, path: str, fields: dict[str, str], ip: str) -> float:
    browser.ip, browser.cookies = ip, {}
    started = time.perf_counter()
    browser.post(path, fields)
    return time.perf_counter() - started


@pytest.mark.slow
def test_an_account_cannot_be_timed_at_sign_in(browser: Browser, valkey_server: Valkey) -> None:
    """Interleaved tries; more rounds only when a busy machine blurred the first."""
    known = person().email or ""
    times: tuple[list[float], list[float]] = ([], [])
    for round_ in range(4):
        for number in range(60):
            if number % 8 == 0:
                valkey_server.flush()
            for kind, email in enumerate((known, f"x{round_}-{number}@example.org")):
                fields = {"email": email, "password": "not the password"}
                times[kind].append(_timed(browser, "/auth/sign-in", fields, f"10.{round_}.{kind}.{number}"))
        if _differ(*times) < 0.10:
            return
    pytest.fail(f"medians differ by {_differ(*times):.0%}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "more"), [("forgot", {}), ("sign-up", {"name": "A", "password": PASSWORD, "privacy": "yes"})]
)
def test_an_account_cannot_be_timed_at_other_doors(
    browser: Browser, valkey_server: Valkey, path: str, more: dict[str, str]
) -> None:
    known = [person().email or "" for _ in range(12)]
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(12):
        for kind, email in enumerate((known[number], address())):
            times[kind].append(_timed(browser, f"/auth/{path}", {"email": email, **more}, f"10.9.{kind}.{number}"))
    assert _differ(*times) < 0.10


def test_ten_wrong_passwords_close_an_account_to_strangers_but_not_to_its_owner(browser: Browser, port: int) -> None:
    user = person()
    owner = Browser(port, ip="10.1.1.1")
    sign_in(owner, user)
    refused = 0
    for number in range(40):
        stranger = Browser(port, ip=f"10.2.{number}.1")
        refused += "too_many" in sign_in(stranger, user, f"guess {number}").to
    assert refused == 30
    assert "too_many" in sign_in(Browser(port, ip="10.3.3.3"), user).to
    owner.cookies.pop(SID)
    assert sign_in(owner, user).to == "/"


def test_one_address_tries_ten_times_whatever_the_account(browser: Browser) -> None:
    answers = [browser.post("/auth/sign-in", {"email": address(), "password": "x" * 9}).to for _ in range(13)]
    assert [("too_many" in answer) for answer in answers] == [False] * 10 + [True] * 3


def test_right_passwords_do_not_use_up_the_allowance_of_an_office(browser: Browser, port: int) -> None:
    users = [person() for _ in range(12)]
    for user in users:
        assert sign_in(Browser(port), user).to == "/"


def test_a_known_device_is_known_for_one_account_only_and_has_a_limit(browser: Browser, port: int) -> None:
    mine, other = person(), person()
    attacker = Browser(port, ip="10.4.4.4")
    sign_in(attacker, mine)
    attacker.cookies.pop(SID)
    tries = ["too_many" in sign_in(attacker, other, f"guess {number}").to for number in range(12)]
    assert tries == [False] * 10 + [True] * 2
    tries = ["too_many" in sign_in(attacker, mine, f"guess {number}").to for number in range(12)]
    assert tries == [False] * 10 + [True] * 2


def test_a_stranger_cannot_write_the_address_they_come_from(browser: Browser) -> None:
    """Only the part that our own proxy wrote counts."""
    answers = []
    for number in range(12):
        browser.ip = f"1.2.3.{number}, 10.5.5.5"
        answers.append("too_many" in browser.post("/auth/sign-in", {"email": address(), "password": "x" * 9}).to)
    assert answers == [False] * 10 + [True] * 2


def test_an_unproven_address_gets_its_link_again_and_no_session(browser: Browser) -> None:
    user = person(verified=False)
    for _ in range(5):
        assert sign_in(browser, user).to == "/check-mail?why=verify"
    assert SID not in browser.cookies
    assert count(user.email or "") == 3


def test_signing_out_ends_the_session_on_the_server(browser: Browser) -> None:
    sign_in(browser, person())
    token = browser.cookies[SID]
    assert browser.post("/auth/sign-out").to == "/sign-in?done=out"
    assert SID not in browser.cookies
    assert not alive(token)
    browser.cookies[SID] = token
    assert "session_ended" in browser.post("/auth/name", {"name": "x"}).to


def test_signing_out_everywhere_ends_the_other_browsers(browser: Browser, port: int) -> None:
    user, other = person(), Browser(port)
    sign_in(browser, user)
    sign_in(other, user)
    assert browser.post("/auth/sign-out-everywhere").to == "/sign-in?done=everywhere"
    assert not alive(other.cookies[SID])


def test_a_forgotten_password_is_replaced_once_and_signs_everybody_out(browser: Browser, port: int) -> None:
    user = person()
    sign_in(browser, user)
    Browser(port).post("/auth/forgot", {"email": user.email or ""})
    token = token_of(user.email or "", Trigger.PASSWORD_RESET)
    weak = browser.post("/auth/reset", {"token": token, "password": "azertyuiop"})
    assert weak.to == "/reset-password?error=accounts.error.password_common&field=password"
    session = browser.cookies[SID]
    assert (
        browser.post("/auth/reset", {"token": token, "password": "une phrase toute neuve"}).to == "/sign-in?done=reset"
    )
    assert not alive(session)
    spent = browser.post("/auth/reset", {"token": token, "password": "une phrase toute neuve"})
    assert "link_spent" in spent.to
    assert sign_in(browser, user, "une phrase toute neuve").to == "/"


def test_an_address_is_changed_from_the_profile(browser: Browser) -> None:
    user, new = person(), address()
    sign_in(browser, user)
    wrong = browser.post("/auth/email-change", {"email": new, "email_password": "x"})
    assert wrong.to == "/accounts/profile?error=accounts.error.wrong_password&field=email_password"
    assert browser.post("/auth/email-change", {"email": new, "email_password": PASSWORD}).to.endswith("done=email")
    token = token_of(new, Trigger.EMAIL_CHANGE)
    assert browser.post("/auth/email-change/confirm", {"token": token}).to == "/accounts/profile?done=address"
    with transaction() as db:
        assert people.by_email(db, new)


def test_changing_the_password_renews_the_cookie(browser: Browser) -> None:
    user = person()
    sign_in(browser, user)
    before = browser.cookies[SID]
    answer = browser.post("/auth/password", {"current": PASSWORD, "password": "une phrase toute neuve"})
    assert answer.to == "/accounts/profile?done=password"
    assert browser.cookies[SID] != before
    assert alive(browser.cookies[SID])
    assert not alive(before)


def test_a_name_of_anybody_is_kept_as_text(browser: Browser) -> None:
    sign_in(browser, person())
    assert browser.post("/auth/name", {"name": "Zoé <b>"}).to.endswith("done=name")
    refused = browser.post("/auth/name", {"name": "https://evil.example"})
    assert unquote(refused.to) == "/accounts/profile?error=accounts.error.name&field=name"


def test_the_language_is_remembered_with_and_without_an_account(browser: Browser) -> None:
    answer = browser.post("/auth/preferences", {"language": "en", "next": "/sign-in"})
    assert answer.to == "/sign-in"
    assert browser.cookies["lang"] == "en"
    browser.post("/auth/preferences", {"language": "klingon\r\nSet-Cookie: x=y"})
    assert browser.cookies["lang"] == "fr"


def test_passwords_and_tokens_reach_no_log_and_no_key_of_valkey(
    browser: Browser, valkey_server: Valkey, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    user, canary = person(), "canary-password-8a7f"
    sign_in(browser, user, canary)
    sign_in(browser, user)
    browser.post("/auth/forgot", {"email": user.email or ""})
    browser.post("/auth/reset", {"token": "canary-token-77", "password": canary})
    import redis

    with redis.Redis.from_url(valkey_server.url) as client:
        stored = b"".join(key + b" " + (client.get(key) or b"") for key in client.scan_iter()).decode()
    said = caplog.text + "".join(capfd.readouterr()) + stored
    for secret in (canary, "canary-token-77", PASSWORD, browser.cookies[SID], user.email or "?", "argon2"):
        assert secret not in said
    assert digest(browser.cookies["__Host-device"]) in stored


def test_without_valkey_the_door_stays_guarded(browser: Browser) -> None:
    """Counting goes on in the process itself: closed to guesses, open to people."""
    from fitmycv_admin.integrations.rate_limits import RateLimits

    alone = RateLimits("redis://127.0.0.1:1/0")
    assert [alone.take("sign_in_ip", "10.0.0.9") for _ in range(11)] == [True] * 10 + [False]
    assert alone.take("sign_in_ip", "10.0.0.10")
    alone.give_back("sign_in_ip", "10.0.0.9")
    assert alone.remember_device("a") == ""
    assert not alone.knows_device("x", "a")
    assert not alone.is_shared()


def test_health_says_what_answers(browser: Browser) -> None:
    assert browser.get("/health/live").status == 200
    assert browser.get("/health/ready").body == '{"database":true,"valkey":true}'
