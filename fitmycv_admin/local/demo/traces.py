"""What the demo's people leave behind: mails, webhooks and telemetry."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from fitmycv_admin.domain.telemetry.events import Event, category_of
from fitmycv_admin.local.demo.calls import Use
from fitmycv_admin.local.demo.office import Desk, Work
from fitmycv_admin.local.demo.people import DOMAIN, Person
from fitmycv_admin.local.demo.stage import Stage
from fitmycv_admin.local.demo.till import Books, Line, Sub
from fitmycv_admin.models import (
    EmailLog,
    EmailTemplate,
    EmailTrigger,
    FeatureUsage,
    StripeWebhookLog,
    TelemetryEvent,
)
from fitmycv_admin.vocabulary import (
    MailState,
    PlanFeature,
    SubscriptionState,
    TaskState,
    TaskType,
    Trigger,
)


def leave(stage: Stage, people: list[Person], desks: list[Desk], uses: list[Use], books: Books) -> None:
    """Insert all of it."""
    _mails(stage, people, books)
    _webhooks(stage, books)
    _telemetry(stage, people, desks, uses)


def _mails(stage: Stage, people: list[Person], books: Books) -> None:
    templates = {
        row[:2]: row[2:]
        for row in stage.db.exec(
            select(EmailTrigger.name, EmailTemplate.language, EmailTemplate.id, EmailTemplate.subject)
            .join(EmailTemplate, col(EmailTemplate.trigger_id) == EmailTrigger.id)
            .where(EmailTemplate.is_active)
        )
    }
    letters: list[tuple[datetime, Person, Trigger]] = []
    for person in people:
        if person.is_customer and person.email:
            letters.append((person.since, person, Trigger.EMAIL_VERIFICATION))
            if person.verified:
                letters.append((person.verified, person, Trigger.WELCOME))
            if person.verified and stage.chance(0.2):
                letters.append((stage.moment(person.verified), person, Trigger.PASSWORD_RESET))
    letters += [(line.at, line.person, Trigger.PURCHASE_CREDITS) for line in books.purchases]
    letters.sort(key=lambda letter: letter[0])
    rows = []
    for number, (at, person, trigger) in enumerate(letters):
        template_id, subject = templates[trigger, person.language]
        state = {11: MailState.BOUNCED, 37: MailState.FAILED}.get(number, MailState.SENT)
        mail_id = stage.id(at)
        rows.append(
            {
                "id": mail_id,
                "trigger_name": trigger,
                "template_id": template_id,
                "template_name": f"{trigger}.{person.language}",
                "recipient_email": person.email,
                "recipient_user_id": person.id,
                "subject": subject,
                "status": state,
                "error": None if state == MailState.SENT else "550 5.1.1 mailbox unavailable (demo)",
                "provider": "smtp" if state == MailState.SENT else None,
                "provider_id": f"demo-{number:05d}" if state == MailState.SENT else None,
                "message_id": f"<{mail_id.hex}@{DOMAIN}>",
                "is_test_email": False,
                "attempts": 1 if state == MailState.SENT else 5,
                "sent_at": at + timedelta(seconds=2) if state == MailState.SENT else None,
                "created_at": at,
            }
        )
    stage.insert(EmailLog, rows)


def _webhooks(stage: Stage, books: Books) -> None:
    events: list[tuple[datetime, str, dict[str, Any]]] = []
    for line in books.purchases:
        events += _of_purchase(line)
    for sub in books.subs:
        events += _of_subscription(stage, sub)
    events.sort(key=lambda event: event[0])
    rows = []
    for number, (at, kind, thing) in enumerate(events):
        failed = number in (19, 43)
        event_id = f"evt_demo_{number:05d}"
        body = {
            "id": event_id,
            "object": "event",
            "type": kind,
            "created": int(at.timestamp()),
            "livemode": False,
            "data": {"object": thing},
        }
        rows.append(
            {
                "event_id": event_id,
                "event_type": kind,
                "payload": json.dumps(body),
                "livemode": False,
                "processed": not failed,
                "processed_at": None if failed else at + timedelta(milliseconds=400),
                "attempts": 3 if failed else 1,
                "error": "ReadTimeout: the demo server did not answer" if failed else None,
                "created_at": at,
            }
        )
    stage.insert(StripeWebhookLog, rows)


def _of_purchase(line: Line) -> list[tuple[datetime, str, dict[str, Any]]]:
    customer = f"cus_demo_{line.person.seq:04d}"
    shared = {"customer": customer, "currency": "eur", "metadata": {"demo": "true", "credits": str(line.amount)}}
    invoice = (line.payment or "").replace("pi_", "in_")
    checkout = {
        "id": (line.payment or "").replace("pi_", "cs_"),
        "object": "checkout.session",
        "mode": "payment",
        "payment_status": "paid",
        "payment_intent": line.payment,
        "amount_total": line.price,
        **shared,
    }
    return [
        (line.at, "payment_intent.succeeded",
         {"id": line.payment, "object": "payment_intent", "amount": line.price, "status": "succeeded", **shared}),
        (line.at + timedelta(seconds=1), "checkout.session.completed", checkout),
        (line.at + timedelta(seconds=2), "invoice.paid",
         {"id": invoice, "object": "invoice", "amount_paid": line.price, "status": "paid", **shared}),
    ]  # fmt: skip


def _of_subscription(stage: Stage, sub: Sub) -> list[tuple[datetime, str, dict[str, Any]]]:
    customer = f"cus_demo_{sub.person.seq:04d}"
    thing = {"id": f"sub_demo_{sub.number:04d}", "object": "subscription", "customer": customer, "status": sub.state}
    invoice = {"object": "invoice", "customer": customer, "subscription": thing["id"], "currency": "eur"}
    found = [(sub.since, "customer.subscription.created", thing | {"status": "active"})]
    at, number = sub.since, 0
    while at < min(sub.until, stage.now) and not (sub.yearly and number):
        name = f"in_demo_{sub.number:04d}_{number}"
        found.append((at + timedelta(seconds=2), "invoice.paid", invoice | {"id": name, "amount_paid": sub.price}))
        at, number = at + timedelta(days=30.4), number + 1
    if sub.state == SubscriptionState.PAST_DUE:
        failed = stage.now - timedelta(days=2)
        found.append((failed, "invoice.payment_failed", invoice | {"id": "in_demo_failed", "amount_due": sub.price}))
        found.append((failed + timedelta(seconds=1), "customer.subscription.updated", thing))
    if sub.state == SubscriptionState.CANCELED:
        found.append((sub.until, "customer.subscription.deleted", thing))
    if sub.ends:
        found.append((stage.now - timedelta(days=3), "customer.subscription.updated", thing))
    return [event for event in found if event[0] <= stage.now]


_OF_TASK = {
    TaskType.IMPORT_PDF: Event.CV_IMPORTED,
    TaskType.EXTRACT_OFFER: Event.OFFER_ADDED,
    TaskType.MATCH_SCORE: Event.MATCH_SCORE_CALCULATED,
}
_OF_FEATURE = {
    PlanFeature.GPT_CV_GENERATION: Event.CV_GENERATED_PDF,
    PlanFeature.OPTIMIZE_CV: Event.CV_OPTIMIZED,
    PlanFeature.TRANSLATE_CV: Event.CV_TRANSLATED,
    PlanFeature.GENERATE_FROM_JOB_TITLE: Event.CV_GENERATED_FROM_JOB_TITLE,
}


class _Tracker:
    """Events as they come, and how often each person used each feature."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.totals: dict[tuple[UUID, str], _Total] = {}

    def add(self, person: Person, event: Event, at: datetime, duration: int | None = None, error: str = "") -> None:
        """One event."""
        self.events.append(
            {
                "user_id": person.id,
                "type": event.value,
                "category": category_of(event),
                "duration": duration,
                "status": "error" if error else "success",
                "error": error or None,
                "device_id": f"demo-{person.seq}",
                "timestamp": at,
            }
        )

    def use(self, person: Person, event: Event, feature: str, at: datetime, duration: int) -> None:
        """One use of a feature, which is an event too."""
        self.add(person, event, at, duration)
        total = self.totals.setdefault((person.id, feature), _Total(at))
        total.count, total.duration, total.last = total.count + 1, total.duration + duration, max(total.last, at)


@dataclass(slots=True)
class _Total:
    last: datetime
    count: int = 0
    duration: int = 0


def _telemetry(stage: Stage, people: list[Person], desks: list[Desk], uses: list[Use]) -> None:
    tracker = _Tracker()
    for person in people:
        if person.is_customer:
            tracker.add(person, Event.USER_REGISTERED, person.since)
            if person.verified:
                tracker.add(person, Event.EMAIL_VERIFIED, person.verified)
    for work in (work for desk in desks for work in desk.works if work.ended):
        _of_work(tracker, work)
    for done in uses:
        if done.recipe.feature:
            length = stage.dice.randrange(4_000, 38_000)
            tracker.use(done.person, _OF_FEATURE[done.recipe.feature], done.recipe.feature, done.at, length)
        else:
            tracker.add(done.person, Event.PAGE_VIEW, done.at)
    stage.copy(TelemetryEvent, sorted(tracker.events, key=lambda event: event["timestamp"]))
    used = [
        {
            "user_id": user_id,
            "feature_name": feature,
            "usage_count": total.count,
            "total_duration": total.duration,
            "last_used_at": total.last,
        }
        for (user_id, feature), total in tracker.totals.items()
    ]
    stage.insert(FeatureUsage, used)


def _of_work(tracker: _Tracker, work: Work) -> None:
    length = int(work.seconds * 1000)
    tracker.add(work.person, Event.USER_LOGIN, work.at - timedelta(minutes=3))
    if work.state == TaskState.COMPLETED:
        tracker.use(work.person, _OF_TASK[work.type], work.type, work.finished, length)
    elif work.state == TaskState.FAILED:
        tracker.add(work.person, Event.JOB_FAILED, work.finished, length, work.error_key or "")
    else:
        tracker.add(work.person, Event.JOB_CANCELLED, work.finished, length)
