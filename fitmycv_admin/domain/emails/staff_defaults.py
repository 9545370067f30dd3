"""The messages to the people who run the product."""

from fitmycv_admin.domain.emails.wording import Default, Wording
from fitmycv_admin.vocabulary import Language, Trigger

DEFAULTS: dict[Trigger, Default] = {
    Trigger.QUEUE_DELAY: Default(
        "staff",
        "Work waits too long",
        {
            "userName": "Ada Martin",
            "waitMinutes": "12",
            "limitMinutes": "5",
            "consoleUrl": "https://fitmycv.example/ops/tasks?state=queued",
        },
        {
            Language.EN: Wording(
                "Tasks have been waiting for {{waitMinutes}} minutes",
                "People wait for their work",
                (
                    "Hello {{userName}},",
                    "The oldest task in line has been waiting for {{waitMinutes}} minutes; the limit is "
                    "{{limitMinutes}}. You get one message for each delay.",
                ),
                "Open the task console",
                "consoleUrl",
                ("The limit is a setting: “Delay of the queue”.",),
            ),
            Language.FR: Wording(
                "Des tâches attendent depuis {{waitMinutes}} minutes",
                "Des personnes attendent leur résultat",
                (
                    "Bonjour {{userName}},",
                    "La plus ancienne tâche de la file attend depuis {{waitMinutes}} minutes\u00a0; la limite est de "
                    "{{limitMinutes}}. Vous recevez un seul message par retard.",
                ),
                "Ouvrir la console des tâches",
                "consoleUrl",
                ("La limite est un réglage\u00a0: «\u00a0Retard de la file\u00a0».",),
            ),
        },
    ),
    Trigger.CREDIT_DIFFERENCE: Default(
        "staff",
        "Credits do not add up",
        {
            "userName": "Ada Martin",
            "count": "2",
            "person": "01a1f2c3-0000-7000-8000-000000000000",
            "number": "balance",
            "expected": "40",
            "found": "55",
            "difference": "+15",
            "pageUrl": "https://fitmycv.example/ops/billing/reconciliation",
        },
        {
            Language.EN: Wording(
                "Credits do not add up: {{count}} new",
                "A number does not follow from the ledger",
                (
                    "Hello {{userName}},",
                    "The nightly check found new differences: {{count}}. The first is of person {{person}}, "
                    "{{number}}: the ledger says {{expected}}, found was {{found}} ({{difference}}).",
                ),
                "See the differences",
                "pageUrl",
                ("Nothing was changed. Two people put a difference right.",),
            ),
            Language.FR: Wording(
                "Des crédits ne concordent pas\u00a0: {{count}} de plus",
                "Un nombre ne découle pas du registre",
                (
                    "Bonjour {{userName}},",
                    "Le contrôle nocturne a trouvé de nouveaux écarts\u00a0: {{count}}. Le premier concerne "
                    "la personne {{person}}, {{number}}\u00a0: le registre dit {{expected}}, on a trouvé {{found}} "
                    "({{difference}}).",
                ),
                "Voir les écarts",
                "pageUrl",
                ("Rien n’a été changé. Deux personnes corrigent un écart.",),
            ),
        },
    ),
}
