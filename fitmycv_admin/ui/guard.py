"""The guard of every event: deny by default, identity from the cookie, payloads validated, tabs bound to sessions.

Every public method of a State can be called by anybody who opens a websocket, so nothing here trusts what the
browser says about itself. This module touches Reflex's private API; the version is pinned exactly.
"""

import dataclasses
import http.cookies
import inspect
import json
import typing
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import reflex as rx
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from reflex.middleware import Middleware
from reflex.state import (
    BaseState,
    FrontendEventExceptionState,
    OnLoadInternalState,
    State,
    StateUpdate,
    UpdateVarsInternalState,
)
from reflex_base.event import Event
from reflex_base.event.context import EventContext
from reflex_base.registry import RegisteredEventHandler, RegistrationContext
from reflex_base.utils.format import format_event_handler

from fitmycv_admin.copy import DEFAULT_LANGUAGE, negotiate, text
from fitmycv_admin.core import log
from fitmycv_admin.core.context import LANGUAGE
from fitmycv_admin.core.pace import Pace
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.ui import session
from fitmycv_admin.ui.session import AppState
from fitmycv_admin.vocabulary import Permission

Policy = Permission | Literal["public", "framework", "deny"]
Resolve = Callable[[str], Awaitable[Actor | None]]
_Handler = typing.TypeVar("_Handler", bound=Callable[..., Any])

MAX_PAYLOAD = 64 * 1024
_FRAMEWORK: dict[type[BaseState], tuple[str, ...]] = {
    State: ("hydrate", "hydrate_and_load", "set_is_hydrated"),
    OnLoadInternalState: ("on_load_internal", "set_is_hydrated"),
    UpdateVarsInternalState: ("update_vars_internal",),
    FrontendEventExceptionState: ("handle_frontend_exception",),
}
_log = log.get(__name__)
# Client token → language: the exception handler runs outside the event's own context.
_languages: dict[str, str] = {}


def policy(permission: Permission | None = None, *, public: bool = False) -> Callable[[_Handler], _Handler]:
    """Declare who may call a handler: whoever holds `permission`, or everybody when `public`."""
    if (permission is None) != public:
        raise ValueError("a handler is either public or asks for one permission")

    def declare(handler: _Handler) -> _Handler:
        handler.__policy__ = permission or "public"  # type: ignore[attr-defined]
        return handler

    return declare


def page_policy(permission: Permission | None) -> Callable[[type], type]:
    """Declare the permission that handlers without one of their own inherit from their page's State."""

    def declare(state: type) -> type:
        state.__page_policy__ = permission or "public"  # type: ignore[attr-defined]
        return state

    return declare


def declared_policies() -> dict[str, Policy]:
    """Every registered event handler with its policy; what is not declared is denied."""
    framework = {
        format_event_handler(state.event_handlers[name]) for state, names in _FRAMEWORK.items() for name in names
    }
    return {
        name: "framework" if name in framework else _policy_of(name, registered)
        for name, registered in RegistrationContext.get().event_handlers.items()
    }


def _policy_of(name: str, registered: RegisteredEventHandler) -> Policy:
    if name.endswith(".setvar"):
        return "deny"
    own = getattr(registered.handler.fn, "__policy__", None)
    if own is None and registered.states:
        own = registered.states[0].__dict__.get("__page_policy__")
    return own or "deny"


def undeclared() -> list[str]:
    """Handlers that nobody declared a policy for: a mistake of ours, named by a test."""
    return [name for name, found in declared_policies().items() if found == "deny" and not name.endswith(".setvar")]


@dataclasses.dataclass
class Guard(Middleware):
    """Runs before every handler, under the state's lock and in the handler's own task."""

    resolve: Resolve
    allowed_routes: Callable[[frozenset[Permission]], list[str]]
    policies: dict[str, Policy] = dataclasses.field(default_factory=dict)
    models: dict[str, type[BaseModel] | None] = dataclasses.field(default_factory=dict)
    # A person clicks a few times a second; a script that sends hundreds would hold up everybody's events.
    pace: Pace = dataclasses.field(default_factory=lambda: Pace(burst=120, rate=30))

    async def preprocess(self, app: Any, state: BaseState, event: Event) -> StateUpdate | None:
        """Let the event through (None) or answer it with a refusal."""
        if not self.pace.allows(EventContext.get().token):
            return self._refuse(event, "too fast", [])
        found = self._policy(event.name)
        router = state.router  # made anew at every look
        cookies = _cookies(router.headers.cookie or "")
        token = cookies.get(session.COOKIE, "")
        by = (await self.resolve(token) if token else None) or actors.VISITOR
        by = dataclasses.replace(by, ip=router.session.client_ip or "")
        if by.user_id is None:
            by = dataclasses.replace(by, language=_language(cookies, router.headers.accept_language))
        session.CURRENT.set(by)
        LANGUAGE.set(str(by.language))
        _remember_language(str(by.language))
        if not await self._bound(state, event, found, by):
            return self._refuse(event, "session changed", rx.call_script("window.location.reload()"))
        return self._decide(event, found, by)

    def _policy(self, name: str) -> Policy:
        if name not in self.policies:  # states of components may register late
            self.policies = declared_policies()
        return self.policies.get(name, "deny")

    async def _bound(self, state: BaseState, event: Event, found: Policy, by: Actor) -> bool:
        """Whether this tab belongs to the session of the cookie; a hydrate binds it, and empties a stale one."""
        app_state = await state.get_state(AppState)
        key = str(by.session_id or "")
        if app_state._session_key == key:
            return True
        if found != "framework" or not event.name.endswith((".hydrate", ".hydrate_and_load")):
            # The first event of a reconnect may come before its hydrate; nothing is shown to it.
            return False
        if app_state._session_key is not None:
            state._get_root_state().reset()
        app_state._session_key = key
        session.describe(app_state, by, self.allowed_routes(by.permissions))
        return True

    def _decide(self, event: Event, found: Policy, by: Actor) -> StateUpdate | None:
        if found == "framework":
            return None
        if found == "deny":
            return self._refuse(event, "no policy", _toast("common.error.forbidden", by))
        if found != "public":
            if by.user_id is None:
                return self._refuse(event, "anonymous", rx.redirect("/sign-in"))
            if not by.may(found):
                return self._refuse(event, "permission", _toast("common.error.forbidden", by))
        if not self._valid(event):
            return self._refuse(event, "payload", _toast("common.error.bad_request", by))
        return None

    def _valid(self, event: Event) -> bool:
        """Check the payload against the handler's signature and put the typed values back."""
        if len(json.dumps(event.payload, default=str)) > MAX_PAYLOAD:
            return False
        if event.name not in self.models:
            handler = RegistrationContext.get().event_handlers[event.name].handler
            self.models[event.name] = payload_model(handler.fn)
        model = self.models[event.name]
        if model is None:
            return False
        try:
            given = model.model_validate(event.payload)
        except ValidationError:
            return False
        event.payload.clear()
        event.payload.update({name: getattr(given, name) for name in given.model_fields_set})
        return True

    def _refuse(self, event: Event, why: str, answer: Any) -> StateUpdate:
        # Not the payload: it may hold a password.
        _log.warning("event refused", handler=event.name, why=why, user=str(session.actor().user_id))
        return StateUpdate(events=Event.from_event_type(answer))


def payload_model(handler: Callable[..., Any]) -> type[BaseModel] | None:
    """A model of a handler's arguments that refuses what the signature does not name; None for uploads."""
    hints = typing.get_type_hints(handler)
    fields: dict[str, Any] = {}
    for name, parameter in list(inspect.signature(handler).parameters.items())[1:]:
        annotation = hints.get(name, Any)
        if "UploadFile" in repr(annotation) or "UploadChunk" in repr(annotation):
            return None
        fields[name] = (annotation, ... if parameter.default is inspect.Parameter.empty else parameter.default)
    name = handler.__qualname__.replace(".", "_")
    return create_model(name, __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True), **fields)


def _remember_language(language: str) -> None:
    if len(_languages) > 10_000:
        _languages.clear()
    _languages[EventContext.get().token] = language


def running_language() -> str:
    """The language of the tab whose event is running or has just failed."""
    return _languages.get(EventContext.get().token, DEFAULT_LANGUAGE)


def _toast(key: str, by: Actor) -> Any:
    return rx.toast.error(text(str(by.language), key))


def _cookies(header: str) -> dict[str, str]:
    jar = http.cookies.SimpleCookie()
    try:
        jar.load(header)
    except http.cookies.CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _language(cookies: dict[str, str], accept: str) -> Any:
    return negotiate(cookies.get("lang", ""), "", accept)
