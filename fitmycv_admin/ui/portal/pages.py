"""The map of the portal: one line for each page, in the order of the top bar."""

from fitmycv_admin.ui.page import Page

PAGES: tuple[Page, ...] = ()
