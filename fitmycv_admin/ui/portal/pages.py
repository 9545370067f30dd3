"""The map of the portal: one line for each page, in the order of the top bar."""

from fitmycv_admin.ui.page import Page
from fitmycv_admin.ui.portal.cvs import detail as cv_detail
from fitmycv_admin.ui.portal.cvs import library, match
from fitmycv_admin.ui.portal.offers import detail as offer_detail
from fitmycv_admin.ui.portal.offers import listing as offers
from fitmycv_admin.ui.portal.tasks import activity

PAGES: tuple[Page, ...] = (
    library.home,
    library.view,
    cv_detail.view,
    match.view,
    offers.view,
    offer_detail.view,
    activity.view,
)
