"""Plans, subscriptions, packs and the credit ledger."""
