"""The map of the portal: one line for each page, in the order of the top bar."""

from fitmycv_admin.ui.page import Page
from fitmycv_admin.ui.portal.accounts import (
    check_mail,
    confirm_email,
    forgot_password,
    profile,
    register,
    reset_password,
    sign_in,
    verify_email,
)
from fitmycv_admin.ui.portal.credits import wallet
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
    wallet.view,
    profile.profile,
    sign_in.sign_in,
    register.register,
    check_mail.check_mail,
    verify_email.verify_email,
    confirm_email.confirm_email,
    forgot_password.forgot_password,
    reset_password.reset_password,
)
