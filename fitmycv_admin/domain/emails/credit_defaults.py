"""The messages about a person's credits: few are left, or some will expire. They inform and press nobody."""

from fitmycv_admin.domain.emails.wording import Default, Wording
from fitmycv_admin.vocabulary import Language, Trigger

EN, FR = Language.EN, Language.FR
_PAGE = "https://fitmycv.example/credits"

DEFAULTS: dict[Trigger, Default] = {
    Trigger.CREDITS_LOW: Default(
        "payments",
        "Few credits left",
        {"userName": "Ada Martin", "credits": "2 credits", "creditsUrl": _PAGE},
        {
            EN: Wording(
                "You have {{credits}} left",
                "You have {{credits}} left",
                (
                    "Hello {{userName}},",
                    "This is the only message about it until credits come in again.",
                    "What your plan includes goes on as before, and your CVs, offers and scores stay as they are.",
                ),
                "See my credits",
                "creditsUrl",
                ("That page shows what each use costs and where your credits went.",),
            ),
            FR: Wording(
                "Il vous reste {{credits}}",
                "Il vous reste {{credits}}",
                (
                    "Bonjour {{userName}},",
                    "Ce message ne sera envoyé qu’une fois, jusqu’à la prochaine arrivée de crédits.",
                    "Ce que comprend votre formule continue comme avant, et vos CV, offres et scores restent "
                    "tels qu’ils sont.",
                ),
                "Voir mes crédits",
                "creditsUrl",
                ("Cette page montre ce que coûte chaque utilisation et où sont passés vos crédits.",),
            ),
        },
    ),
    Trigger.CREDITS_EXPIRING: Default(
        "payments",
        "Credits about to expire",
        {"userName": "Ada Martin", "expiring": "5 credits on 23 December 2026", "creditsUrl": _PAGE},
        {
            EN: Wording(
                "Some of your credits will expire",
                "Some of your credits will expire",
                (
                    "Hello {{userName}},",
                    "Credits that were given to you will expire: {{expiring}}.",
                    "They are used before all others, so there is nothing to set. Credits that you bought never "
                    "expire.",
                ),
                "See my credits",
                "creditsUrl",
            ),
            FR: Wording(
                "Certains de vos crédits vont expirer",
                "Certains de vos crédits vont expirer",
                (
                    "Bonjour {{userName}},",
                    "Des crédits qui vous ont été offerts vont expirer\u00a0: {{expiring}}.",
                    "Ils sont utilisés avant tous les autres, il n’y a rien à régler. Les crédits que vous avez "
                    "achetés n’expirent jamais.",
                ),
                "Voir mes crédits",
                "creditsUrl",
            ),
        },
    ),
}
