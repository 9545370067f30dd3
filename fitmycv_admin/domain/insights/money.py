"""What must always be true of money: one query a rule, which finds the rows where it is not."""

from fitmycv_admin.models.billing import TOTALS
from fitmycv_admin.vocabulary import CreditKind

_LINES = "(SELECT user_id, sum(amount) AS total FROM credit_transaction GROUP BY user_id)"
_LOTS = "(SELECT user_id, sum(remaining) AS units, sum(held) AS held FROM credit_lot GROUP BY user_id)"

_TOTALS = " OR ".join(
    f"b.total_{name} <> coalesce(l.{name}, 0)" if kind == CreditKind.ADJUSTMENT else f"b.total_{name} <> abs(l.{name})"
    for name, kind in TOTALS.items()
)
_BY_KIND = ", ".join(
    f"coalesce(sum(amount) FILTER (WHERE type = '{kind}'), 0) AS {name}" for name, kind in TOTALS.items()
)
_DEBITS = "('usage', 'clawback', 'expiry', 'purchase_reversal')"

RULES: dict[str, str] = {
    "a credit balance is the sum of its lines": f"""
        SELECT coalesce(b.user_id, l.user_id) FROM credit_balance b FULL JOIN {_LINES} l USING (user_id)
        WHERE coalesce(b.balance, 0) <> coalesce(l.total, 0)""",
    "every credit line says the balance after it": """
        SELECT id FROM (
            SELECT id, balance_after, sum(amount) OVER (PARTITION BY user_id ORDER BY id) AS total
            FROM credit_transaction
        ) line WHERE balance_after <> total""",
    "the totals of a balance are its lines by kind": f"""
        SELECT b.user_id FROM credit_balance b
        JOIN (SELECT user_id, {_BY_KIND} FROM credit_transaction GROUP BY user_id) l USING (user_id) WHERE {_TOTALS}""",
    "lots hold the balance and the debt": f"""
        SELECT coalesce(b.user_id, l.user_id) FROM credit_balance b FULL JOIN {_LOTS} l USING (user_id)
        LEFT JOIN credit_debt d ON d.user_id = coalesce(b.user_id, l.user_id)
        WHERE coalesce(b.balance, 0) + coalesce(d.amount, 0) <> coalesce(l.units, 0)""",
    "no more is held or owed than there is": """
        SELECT b.user_id FROM credit_balance b LEFT JOIN credit_debt d USING (user_id)
        WHERE balance - held < 0 AND balance - held + coalesce(d.amount, 0) < 0""",
    "what a balance holds is held in its lots": f"""
        SELECT coalesce(b.user_id, l.user_id) FROM credit_balance b FULL JOIN {_LOTS} l USING (user_id)
        WHERE coalesce(b.held, 0) <> coalesce(l.held, 0)""",
    "what a lot holds is reserved": """
        SELECT coalesce(l.id, r.lot_id) FROM credit_lot l
        FULL JOIN (SELECT lot_id, sum(amount) AS units FROM reserved_lot GROUP BY lot_id) r ON r.lot_id = l.id
        WHERE coalesce(l.held, 0) <> coalesce(r.units, 0)""",
    "an open reservation of credits holds its amount, a settled one nothing": """
        SELECT r.id FROM reservation r
        LEFT JOIN (SELECT reservation_id, sum(amount) AS units FROM reserved_lot GROUP BY reservation_id) l
        ON l.reservation_id = r.id
        WHERE coalesce(l.units, 0) <> CASE WHEN r.state = 'held' AND r.payer = 'credits' THEN r.amount ELSE 0 END""",
    "what left a lot was spent or came back elsewhere": """
        SELECT l.id FROM credit_lot l
        LEFT JOIN (SELECT lot_id, sum(amount - returned) AS units FROM lot_use GROUP BY lot_id) u ON u.lot_id = l.id
        LEFT JOIN (SELECT origin_lot_id, sum(granted) AS units FROM credit_lot GROUP BY origin_lot_id) o
        ON o.origin_lot_id = l.id
        WHERE l.granted - l.remaining <> coalesce(u.units, 0) + coalesce(o.units, 0)""",
    "a lot belongs to the person of its line and holds no more than it brought": """
        SELECT l.id FROM credit_lot l JOIN credit_transaction t ON t.id = l.line_id
        WHERE t.user_id <> l.user_id OR l.granted > t.amount""",
    "lots paid each debit in full": f"""
        SELECT t.id FROM credit_transaction t
        LEFT JOIN (SELECT line_id, sum(amount) AS units FROM lot_use GROUP BY line_id) u ON u.line_id = t.id
        WHERE CASE WHEN t.type IN {_DEBITS} OR (t.type = 'adjustment' AND t.amount < 0)
                THEN coalesce(u.units, 0) <> -t.amount
            WHEN t.type = 'chargeback' THEN coalesce(u.units, 0) > -t.amount
            ELSE u.units IS NOT NULL END""",
    "a debit is given back as often as its returns say, never more than was taken": """
        SELECT t.id FROM credit_transaction t
        LEFT JOIN (SELECT line_id, sum(returned) AS units FROM lot_use GROUP BY line_id) u ON u.line_id = t.id
        LEFT JOIN (SELECT related_transaction_id AS id, sum(amount) AS units FROM credit_transaction
                   WHERE type = 'return' GROUP BY related_transaction_id) r ON r.id = t.id
        WHERE t.type <> 'chargeback' AND (coalesce(u.units, 0) <> coalesce(r.units, 0) OR r.units > -t.amount)""",
    "a purchase is taken back as often as its reversals say, never more than was bought": """
        SELECT p.id FROM credit_transaction p LEFT JOIN purchase_reversal v ON v.purchase_line_id = p.id
        LEFT JOIN (SELECT related_transaction_id AS id, -sum(amount) AS units FROM credit_transaction
                   WHERE type = 'purchase_reversal' GROUP BY related_transaction_id) r ON r.id = p.id
        WHERE p.type = 'purchase' AND (coalesce(v.taken, 0) <> coalesce(r.units, 0) OR v.taken > p.amount)""",
    "a task that ended holds nothing": """
        SELECT DISTINCT t.id FROM background_task t JOIN reservation r ON r.task_id = t.id
        WHERE t.status IN ('completed', 'failed', 'cancelled') AND r.state = 'held'""",
    "a task of a person that ended was settled": """
        SELECT t.id FROM background_task t WHERE t.outcome IS NOT NULL AND t.user_id IS NOT NULL
        AND t.status IN ('completed', 'failed', 'cancelled')
        AND NOT EXISTS (SELECT 1 FROM reservation r WHERE r.task_id = t.id AND r.state <> 'held')""",
    "what a task took follows how it ended": """
        SELECT DISTINCT t.id FROM background_task t JOIN reservation r ON r.task_id = t.id
        WHERE t.status IN ('completed', 'failed', 'cancelled') AND r.state <> 'held'
        AND CASE WHEN t.outcome IN ('usable', 'cancelled_after_output') THEN r.state = 'released'
            ELSE t.outcome IS NULL OR r.state = 'captured' END""",
    "a reservation that took credits has the line that says so, no other has one": """
        SELECT r.id FROM reservation r LEFT JOIN credit_transaction t ON t.id = r.line_id
        WHERE CASE WHEN r.payer = 'credits' AND r.state IN ('captured', 'returned')
            THEN t.id IS NULL OR t.type <> 'usage' OR t.amount <> -r.amount OR t.user_id <> r.user_id
                 OR t.task_id <> r.task_id
            ELSE r.line_id IS NOT NULL END""",
    "credits that a task took were reserved": """
        SELECT t.id FROM credit_transaction t JOIN background_task b ON b.id = t.task_id
        WHERE t.type = 'usage' AND b.outcome IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM reservation r WHERE r.task_id = t.task_id)""",
    "what a quota counts as reserved is reserved": """
        SELECT coalesce(c.id, r.counter_id) FROM feature_usage_counter c
        FULL JOIN (SELECT counter_id, count(*) AS units FROM reservation
                   WHERE payer = 'quota' AND state = 'held' GROUP BY counter_id) r ON r.counter_id = c.id
        WHERE coalesce(c.reserved, 0) <> coalesce(r.units, 0)""",
    "the periods of a counter do not overlap": """
        SELECT id FROM (
            SELECT id, period_start, lag(period_end) OVER (PARTITION BY user_id, feature_name ORDER BY period_start, id)
                AS before
            FROM feature_usage_counter
        ) period WHERE period_start < before""",
}
