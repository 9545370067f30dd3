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
    Trigger.COST_ALERT: Default(
        "staff",
        "A budget or another rule about AI costs",
        {
            "headline": "Monthly budget: 90 % of the limit is spent",
            "details": "Subject: everybody · Spent: $905.12 of $1,000.00 (90%) · Dearest: Job offers $512.40 (56%)",
            "channelName": "Finance",
            "alertUrl": "https://fitmycv.example/ops/alerts/alert?id=01a1f2c3-0000-7000-8000-000000000000",
            "callsUrl": "https://fitmycv.example/ops/ai-costs/calls?period=custom",
        },
        {
            Language.EN: Wording(
                "{{headline}}",
                "{{headline}}",
                ("{{details}}",),
                "Open it",
                "alertUrl",
                ("The calls behind it: {{callsUrl}}", "You get this through the channel “{{channelName}}”."),
            ),
            Language.FR: Wording(
                "{{headline}}",
                "{{headline}}",
                ("{{details}}",),
                "Ouvrir",
                "alertUrl",
                (
                    "Les appels concernés\u00a0: {{callsUrl}}",
                    "Vous recevez ce message par le canal «\u00a0{{channelName}}\u00a0».",
                ),
            ),
        },
    ),
    Trigger.COST_DIGEST: Default(
        "staff",
        "AI costs of the week",
        {
            "firstDay": "16 Nov 2026",
            "lastDay": "22 Nov 2026",
            "cost": "$212.40",
            "costBefore": "$198.02",
            "calls": "48,912",
            "details": "Dearest: Job offers $112.40; PDF import $61.07 · Alerts: 3",
            "channelName": "Finance",
            "costsUrl": "https://fitmycv.example/ops/ai-costs?period=custom",
        },
        {
            Language.EN: Wording(
                "AI costs of the week: {{cost}}",
                "AI costs from {{firstDay}} to {{lastDay}}",
                ("{{cost}} for {{calls}} calls; the week before it was {{costBefore}}.", "{{details}}"),
                "Open the costs",
                "costsUrl",
                ("You get this every Monday through the channel “{{channelName}}”.",),
            ),
            Language.FR: Wording(
                "Coûts d’IA de la semaine\u00a0: {{cost}}",
                "Coûts d’IA du {{firstDay}} au {{lastDay}}",
                ("{{cost}} pour {{calls}} appels\u00a0; la semaine d’avant, c’était {{costBefore}}.", "{{details}}"),
                "Ouvrir les coûts",
                "costsUrl",
                ("Vous recevez ce message chaque lundi par le canal «\u00a0{{channelName}}\u00a0».",),
            ),
        },
    ),
}
