"""The language a signed-in person chose, remembered in their profile so that it follows them to other browsers."""

import reflex as rx

from fitmycv_admin.core.ask import ask
from fitmycv_admin.domain.accounts import profile
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Language, Permission


class LanguageState(AppState):
    """Told after the browser has already changed its words."""

    @rx.event
    @policy(Permission.OWN_DATA)
    async def choose(self, language: str) -> None:
        """Remember a language; anything else than one of ours changes nothing."""
        if language in set(Language):
            await ask(profile.choose_language, actor(), language=Language(language))
            self.language = language
