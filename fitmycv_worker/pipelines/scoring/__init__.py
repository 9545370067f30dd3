"""From a CV and an offer to a score: a model says what answers what, code counts."""
