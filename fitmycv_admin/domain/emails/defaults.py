"""The messages the product sends from its first day: variables, and words in French and English.

Seeds insert them as triggers and templates; the outbox falls back on them when no template is active.
"""

from fitmycv_admin.domain.emails import credit_defaults, staff_defaults
from fitmycv_admin.domain.emails.wording import Default, Wording
from fitmycv_admin.vocabulary import Language, Trigger

EN, FR = Language.EN, Language.FR


_LINK = "https://fitmycv.example/…"

DEFAULTS: dict[Trigger, Default] = {
    Trigger.EMAIL_VERIFICATION: Default(
        "authentication",
        "E-mail verification",
        {"userName": "Ada Martin", "verificationUrl": _LINK},
        {
            EN: Wording(
                "Confirm your e-mail address",
                "One click, and your account is open",
                (
                    "Hello {{userName}},",
                    "Please confirm that this address is yours. The link works once, for 24 hours.",
                ),
                "Confirm my address",
                "verificationUrl",
                ("You did not create an account? Then ignore this message: without the click nothing happens.",),
            ),
            FR: Wording(
                "Confirmez votre adresse e-mail",
                "Un clic et votre compte est ouvert",
                (
                    "Bonjour {{userName}},",
                    "Merci de confirmer que cette adresse est la vôtre. Le lien sert une fois, pendant 24 heures.",
                ),
                "Confirmer mon adresse",
                "verificationUrl",
                ("Vous n’avez pas créé de compte\u00a0? Ignorez ce message\u00a0: sans ce clic, rien ne se passe.",),
            ),
        },
    ),
    Trigger.PASSWORD_RESET: Default(
        "authentication",
        "Password reset",
        {"userName": "Ada Martin", "resetUrl": _LINK},
        {
            EN: Wording(
                "Choose a new password",
                "Choose a new password",
                ("Hello {{userName}},", "Somebody, probably you, asked to change the password of this account."),
                "Choose a new password",
                "resetUrl",
                (
                    "The link works once, for one hour. Every device is then signed out.",
                    "It was not you? Ignore this message: your password stays as it is.",
                ),
            ),
            FR: Wording(
                "Choisissez un nouveau mot de passe",
                "Choisissez un nouveau mot de passe",
                (
                    "Bonjour {{userName}},",
                    "Quelqu’un, sans doute vous, a demandé à changer le mot de passe de ce compte.",
                ),
                "Choisir un mot de passe",
                "resetUrl",
                (
                    "Le lien sert une fois, pendant une heure. Tous les appareils sont alors déconnectés.",
                    "Ce n’était pas vous\u00a0? Ignorez ce message\u00a0: votre mot de passe ne change pas.",
                ),
            ),
        },
    ),
    Trigger.EMAIL_CHANGE: Default(
        "authentication",
        "E-mail change: confirmation at the new address",
        {"userName": "Ada Martin", "verificationUrl": _LINK, "newEmail": "ada@example.org"},
        {
            EN: Wording(
                "Confirm your new e-mail address",
                "Confirm your new address",
                ("Hello {{userName}},", "You asked to use {{newEmail}} for your account from now on."),
                "Use this address",
                "verificationUrl",
                ("The link works once, for 24 hours. Until then your old address stays in use.",),
            ),
            FR: Wording(
                "Confirmez votre nouvelle adresse e-mail",
                "Confirmez votre nouvelle adresse",
                ("Bonjour {{userName}},", "Vous avez demandé à utiliser désormais {{newEmail}} pour votre compte."),
                "Utiliser cette adresse",
                "verificationUrl",
                ("Le lien sert une fois, pendant 24 heures. D’ici là, votre ancienne adresse reste en usage.",),
            ),
        },
    ),
    Trigger.EMAIL_CHANGE_NOTICE: Default(
        "authentication",
        "E-mail change: notice at the old address",
        {"userName": "Ada Martin", "newEmail": "ada@example.org", "resetUrl": _LINK},
        {
            EN: Wording(
                "A new e-mail address was asked for",
                "A new address for your account",
                (
                    "Hello {{userName}},",
                    "Somebody signed in to your account asked to replace this address by {{newEmail}}.",
                    "It was not you? Change your password now: it signs every device out and cancels the change.",
                ),
                "Change my password",
                "resetUrl",
            ),
            FR: Wording(
                "Un changement d’adresse e-mail a été demandé",
                "Une nouvelle adresse pour votre compte",
                (
                    "Bonjour {{userName}},",
                    "Une personne connectée à votre compte a demandé à remplacer cette adresse par {{newEmail}}.",
                    "Ce n’était pas vous\u00a0? Changez votre mot de passe maintenant\u00a0: "
                    "tous les appareils sont déconnectés et le changement est annulé.",
                ),
                "Changer mon mot de passe",
                "resetUrl",
            ),
        },
    ),
    Trigger.PASSWORD_CHANGED: Default(
        "authentication",
        "Password changed",
        {"userName": "Ada Martin", "resetUrl": _LINK},
        {
            EN: Wording(
                "Your password was changed",
                "Your password was changed",
                (
                    "Hello {{userName}},",
                    "The password of your account has just been changed, and other devices were signed out.",
                    "It was not you? Choose a new one now.",
                ),
                "Choose a new password",
                "resetUrl",
            ),
            FR: Wording(
                "Votre mot de passe a été changé",
                "Votre mot de passe a été changé",
                (
                    "Bonjour {{userName}},",
                    "Le mot de passe de votre compte vient d’être changé et les autres appareils ont été déconnectés.",
                    "Ce n’était pas vous\u00a0? Choisissez-en un nouveau maintenant.",
                ),
                "Choisir un mot de passe",
                "resetUrl",
            ),
        },
    ),
    Trigger.ACCOUNT_EXISTS: Default(
        "authentication",
        "Sign-up with an address that has an account",
        {"userName": "Ada Martin", "loginUrl": _LINK, "resetUrl": _LINK},
        {
            EN: Wording(
                "You already have an account",
                "You already have an account",
                (
                    "Hello {{userName}},",
                    "Somebody, probably you, entered this address to open an account. It has one already.",
                ),
                "Sign in",
                "loginUrl",
                ("Forgotten password? Choose a new one: {{resetUrl}}", "It was not you? There is nothing to do."),
            ),
            FR: Wording(
                "Vous avez déjà un compte",
                "Vous avez déjà un compte",
                (
                    "Bonjour {{userName}},",
                    "Quelqu’un, sans doute vous, a saisi cette adresse pour ouvrir un compte. Elle en a déjà un.",
                ),
                "Se connecter",
                "loginUrl",
                (
                    "Mot de passe oublié\u00a0? Choisissez-en un nouveau\u00a0: {{resetUrl}}",
                    "Ce n’était pas vous\u00a0? Il n’y a rien à faire.",
                ),
            ),
        },
    ),
    Trigger.WELCOME: Default(
        "account",
        "Welcome",
        {"userName": "Ada Martin", "loginUrl": _LINK, "welcomeCredits": "15"},
        {
            EN: Wording(
                "Welcome to FitMyCV",
                "Welcome, {{userName}}",
                (
                    "Your account is open. Import a CV as PDF, add a job offer, and see how well they match.",
                    "You start with {{welcomeCredits}} credits.",
                ),
                "Open my account",
                "loginUrl",
            ),
            FR: Wording(
                "Bienvenue sur FitMyCV",
                "Bienvenue {{userName}}",
                (
                    "Votre compte est ouvert. Importez un CV en PDF, ajoutez une offre et voyez ce qui correspond.",
                    "Vous commencez avec {{welcomeCredits}} crédits.",
                ),
                "Ouvrir mon compte",
                "loginUrl",
            ),
        },
    ),
    Trigger.INACTIVITY_WARNING: Default(
        "account",
        "Account about to be deleted",
        {
            "userName": "Ada Martin",
            "loginUrl": _LINK,
            "lastActivityDate": "2023-12-01",
            "deletionDate": "2026-12-31",
        },
        {
            EN: Wording(
                "Your account will be deleted in 30 days",
                "Your account will be deleted in 30 days",
                (
                    "Hello {{userName}},",
                    "You were last here on {{lastActivityDate}}. "
                    "We keep nothing longer than needed: on {{deletionDate}} your account and CVs will be deleted.",
                ),
                "Keep my account",
                "loginUrl",
                ("Signing in once is enough to keep everything.",),
            ),
            FR: Wording(
                "Votre compte sera supprimé dans 30 jours",
                "Votre compte sera supprimé dans 30 jours",
                (
                    "Bonjour {{userName}},",
                    "Votre dernière visite date du {{lastActivityDate}}. Nous ne gardons rien plus longtemps que "
                    "nécessaire\u00a0: le {{deletionDate}}, votre compte et vos CV seront supprimés.",
                ),
                "Garder mon compte",
                "loginUrl",
                ("Une seule connexion suffit pour tout garder.",),
            ),
        },
    ),
    Trigger.PURCHASE_CREDITS: Default(
        "payments",
        "Thank you for a purchase",
        {"userName": "Ada Martin", "creditsAmount": "50", "totalPrice": "€9.90", "invoiceUrl": _LINK},
        {
            EN: Wording(
                "Thank you for your purchase",
                "Thank you for your purchase",
                ("Hello {{userName}},", "{{creditsAmount}} credits are on your account. You paid {{totalPrice}}."),
                "See the invoice",
                "invoiceUrl",
            ),
            FR: Wording(
                "Merci pour votre achat",
                "Merci pour votre achat",
                (
                    "Bonjour {{userName}},",
                    "{{creditsAmount}} crédits sont sur votre compte. Vous avez payé {{totalPrice}}.",
                ),
                "Voir la facture",
                "invoiceUrl",
            ),
        },
    ),
    **credit_defaults.DEFAULTS,
    **staff_defaults.DEFAULTS,
}
