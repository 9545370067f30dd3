"""Accounts over plain HTTP: forms that really post, answered by a redirect and the session cookie."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fitmycv_admin import wiring
from fitmycv_admin.api import forms
from fitmycv_admin.api.forms import Form
from fitmycv_admin.core import log, security
from fitmycv_admin.core.ask import ask
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.accounts import email_change, profile, recovery, registration, sign_in
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.emails import addresses
from fitmycv_admin.vocabulary import Language, Role

DEVICE, SIGN_UP, BROWSER = "__Host-device", "__Host-signup", "__Host-browser"
DEVICE_SECONDS, SIGN_UP_SECONDS = 180 * 24 * 3600, 24 * 3600
BROWSER_SECONDS = 395 * 24 * 3600  # welcome credits are once per browser for 13 months
LANGUAGE_SECONDS = 365 * 24 * 3600
# Answers that could tell whether an account exists all take this long.
EVEN_SECONDS = 0.35
PROFILE = "/accounts/profile"

Handler = Callable[[Request, Form, Actor], Awaitable[Response]]
Answer = TypeVar("Answer")
_log = log.get(__name__)


class TooManyTries(FitMyCvError):
    """The allowance of this account, address or browser is used up for now."""

    key = "accounts.error.too_many"


def _posted(page: str, *, even: bool = False) -> Callable[[Handler], Callable[[Request], Awaitable[Response]]]:
    """A form of `page`: its origin is checked, and what is wrong is shown there. `even` hides how long it took."""

    def wrap(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            started = time.monotonic()
            if not forms.is_ours(request):
                _log.warning("form refused", why="origin", path=request.url.path)
                return Response("This form was not posted from our own pages.", 403)
            try:
                answer = await handler(request, await forms.read(request), await forms.actor(request))
            except sessions.SessionEnded as error:
                answer = forms.wrong("/sign-in", error)
            except FitMyCvError as error:
                answer = forms.wrong(page, error)
            if even:
                await asyncio.sleep(max(0.0, started + EVEN_SECONDS - time.monotonic()))
            return answer

        return endpoint

    return wrap


@_posted("/sign-in")
async def _sign_in(request: Request, form: Form, by: Actor) -> Response:
    email, known = form.get("email"), request.cookies.get(DEVICE, "")
    account = addresses.folded(email)
    taken = await _take_sign_in(request, account, known)
    try:
        opened = await ask(
            sign_in.sign_in,
            by,
            email=email,
            password=form.get("password"),
            ip=forms.address(request),
            user_agent=request.headers.get("user-agent", ""),
        )
    except sign_in.EmailNotVerified:
        await _give_back(taken)
        await _send_link_again(request, account, by)
        return forms.go("/check-mail", why="verify")
    except sign_in.WrongCredentials:
        _log.warning("sign-in refused", ip=forms.address(request))
        raise
    await _give_back(taken)
    home = "/" if opened.role == Role.USER else "/ops"
    answer = forms.go(forms.local_path(form.get("next"), home))
    _enter(answer, opened.token)
    answer.set_cookie("lang", opened.language, max_age=LANGUAGE_SECONDS, path="/", samesite="lax", secure=_secure())
    device = await asyncio.to_thread(wiring.rate_limits().remember_device, account)
    if device:
        _set(answer, DEVICE, device, DEVICE_SECONDS)
    return answer


@_posted("/register", even=True)
async def _sign_up(request: Request, form: Form, by: Actor) -> Response:
    await _take("sign_up_ip", forms.network(request))
    browser = await ask(
        registration.register,
        by,
        name=form.get("name"),
        email=form.get("email"),
        password=form.get("password"),
        language=_language(form.get("language") or request.cookies.get("lang", "")),
        accepts_privacy=form.get("privacy") == "yes",
    )
    answer = forms.go("/check-mail", why="verify")
    _set(answer, SIGN_UP, browser, SIGN_UP_SECONDS)
    _set(answer, BROWSER, request.cookies.get(BROWSER) or security.new_token(), BROWSER_SECONDS)
    return answer


@_posted("/check-mail", even=True)
async def _resend(request: Request, form: Form, by: Actor) -> Response:
    await _take("verify_ip", forms.network(request))
    await _send_link_again(request, addresses.folded(form.get("email")), by)
    return forms.go("/check-mail", why="verify", again="1")


@_posted("/verify-email")
async def _verify(request: Request, form: Form, by: Actor) -> Response:
    await _take("link_ip", forms.network(request))
    verified = await ask(
        registration.verify,
        by,
        token=form.get("token"),
        browser_token=request.cookies.get(SIGN_UP, ""),
        device=request.cookies.get(BROWSER, ""),
        ip=forms.address(request),
        user_agent=request.headers.get("user-agent", ""),
    )
    if verified.session_token:
        answer = forms.go("/")
        _enter(answer, verified.session_token)
    elif verified.reset_token:
        answer = forms.go(f"/reset-password?why=choose#token={verified.reset_token}")
    else:
        answer = forms.go("/sign-in", done="verified")
    _clear(answer, SIGN_UP)
    return answer


@_posted("/forgot-password", even=True)
async def _forgot(request: Request, form: Form, by: Actor) -> Response:
    await _take("forgot_ip", forms.network(request))
    account = addresses.folded(form.get("email"))
    # The allowance of an account is not shown: it would tell that somebody else asked too.
    if await _try("forgot_account", account):
        await ask(recovery.forgot, by, email=account)
    return forms.go("/check-mail", why="reset")


@_posted("/reset-password")
async def _reset(request: Request, form: Form, by: Actor) -> Response:
    await _take("link_ip", forms.network(request))
    await ask(recovery.reset, by, token=form.get("token"), password=form.get("password"))
    answer = forms.go("/sign-in", done="reset")
    _clear(answer, sessions.COOKIE)
    return answer


@_posted("/sign-in")
async def _sign_out(_request: Request, _form: Form, by: Actor) -> Response:
    await ask(sign_in.sign_out, by)
    return _left(forms.go("/sign-in", done="out"))


@_posted("/sign-in")
async def _sign_out_everywhere(_request: Request, _form: Form, by: Actor) -> Response:
    _signed_in(by)
    await ask(sign_in.sign_out_everywhere, by)
    return _left(forms.go("/sign-in", done="everywhere"))


@_posted(PROFILE)
async def _end_session(_request: Request, form: Form, by: Actor) -> Response:
    _signed_in(by)
    try:
        session_id = UUID(form.get("session"))
    except ValueError as error:
        raise forms.BadForm from error
    await ask(sessions.close_one, by, session_id)
    return forms.go(PROFILE, done="session")


@_posted(PROFILE)
async def _name(_request: Request, form: Form, by: Actor) -> Response:
    _signed_in(by)
    await ask(profile.rename, by, name=form.get("name"))
    return forms.go(PROFILE, done="name")


@_posted(PROFILE)
async def _password(request: Request, form: Form, by: Actor) -> Response:
    _signed_in(by)
    await _take("password_check", str(by.user_id))
    token = await ask(
        profile.change_password,
        by,
        current=form.get("current"),
        password=form.get("password"),
        ip=forms.address(request),
        user_agent=request.headers.get("user-agent", ""),
    )
    answer = forms.go(PROFILE, done="password")
    _enter(answer, token)
    return answer


@_posted(PROFILE, even=True)
async def _email_change(_request: Request, form: Form, by: Actor) -> Response:
    _signed_in(by)
    await _take("password_check", str(by.user_id))
    await _take("email_change", str(by.user_id))
    try:
        await ask(email_change.request, by, password=form.get("email_password"), new_email=form.get("email"))
    except email_change.WrongPassword as error:
        raise email_change.WrongPassword(field="email_password") from error
    return forms.go(PROFILE, done="email")


@_posted(PROFILE)
async def _email_change_cancel(_request: Request, _form: Form, by: Actor) -> Response:
    _signed_in(by)
    await ask(email_change.cancel, by)
    return forms.go(PROFILE)


@_posted("/confirm-email")
async def _email_change_confirm(request: Request, form: Form, by: Actor) -> Response:
    await _take("link_ip", forms.network(request))
    await ask(email_change.confirm, by, token=form.get("token"))
    return forms.go(PROFILE if by.user_id else "/sign-in", done="address")


@_posted("/")
async def _preferences(_request: Request, form: Form, by: Actor) -> Response:
    language = _language(form.get("language"))
    await ask(profile.choose_language, by, language=language)
    answer = forms.go(forms.local_path(form.get("next"), "/"))
    answer.set_cookie("lang", language, max_age=LANGUAGE_SECONDS, path="/", samesite="lax", secure=_secure())
    return answer


async def _take_sign_in(request: Request, account: str, device: str) -> list[tuple[str, str]]:
    """Count a try against every allowance it falls under; a known device has one of its own.

    What is taken in order: address, account, everybody. So one busy address uses up nothing of the others.
    """
    if await asyncio.to_thread(wiring.rate_limits().knows_device, device, account):
        rules = [("sign_in_device", f"{device}:{account}")]
    else:
        rules = [("sign_in_ip", forms.network(request)), ("sign_in_account", account), ("sign_in_all", "all")]
    for rule, key in rules:
        await _take(rule, key)
    return rules


async def _give_back(taken: list[tuple[str, str]]) -> None:
    for rule, key in taken:
        await asyncio.to_thread(wiring.rate_limits().give_back, rule, key)


async def _send_link_again(_request: Request, account: str, by: Actor) -> None:
    if await _try("verify_account", account):
        await ask(registration.resend, by, email=account)


async def _try(rule: str, key: str) -> bool:
    return await asyncio.to_thread(wiring.rate_limits().take, rule, key)


async def _take(rule: str, key: str) -> None:
    if not await _try(rule, key):
        _log.warning("too many tries", rule=rule)
        raise TooManyTries


def _signed_in(by: Actor) -> None:
    if by.user_id is None:
        raise sessions.SessionEnded


def _language(text: str) -> Language:
    return Language(text) if text in tuple(Language) else Language.FR


def _enter(answer: Response, token: str) -> None:
    _set(answer, sessions.COOKIE, token, int(sessions.LIFE_PERSON.total_seconds()))


def _left(answer: Response) -> Response:
    _clear(answer, sessions.COOKIE)
    answer.headers["clear-site-data"] = '"cache"'
    return answer


def _set(answer: Response, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")


def _clear(answer: Response, name: str) -> None:
    answer.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")


def _secure() -> bool:
    return wiring.is_https()


def _post(path: str, endpoint: Any) -> Route:
    return Route(path, endpoint, methods=["POST"])


ROUTES: list[Route] = [
    _post("/auth/sign-in", _sign_in),
    _post("/auth/sign-up", _sign_up),
    _post("/auth/sign-out", _sign_out),
    _post("/auth/sign-out-everywhere", _sign_out_everywhere),
    _post("/auth/forgot", _forgot),
    _post("/auth/reset", _reset),
    _post("/auth/verify", _verify),
    _post("/auth/verify/resend", _resend),
    _post("/auth/email-change", _email_change),
    _post("/auth/email-change/cancel", _email_change_cancel),
    _post("/auth/email-change/confirm", _email_change_confirm),
    _post("/auth/password", _password),
    _post("/auth/name", _name),
    _post("/auth/sessions/end", _end_session),
    _post("/auth/preferences", _preferences),
]
