"""Links in messages. The token stands after `#`: it reaches no server, log or scanner before a person clicks."""

from fitmycv_admin.core.config import settings

VERIFY, RESET, CONFIRM_EMAIL, SIGN_IN, FORGOT = (
    "/verify-email",
    "/reset-password",
    "/confirm-email",
    "/sign-in",
    "/forgot-password",
)


def link(path: str, token: str = "") -> str:
    """The address of a page of ours, with a token for the form on it."""
    return settings().public_url + path + (f"#token={token}" if token else "")
