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
}
