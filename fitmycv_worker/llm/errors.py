"""What can go wrong with a call of a model, each with a sentence for people."""

from fitmycv_admin.core.errors import FitMyCvError


class ModelError(FitMyCvError):
    """A call ended without a usable answer; `code` is what is stored with the task."""

    key = "imports.model.failed"
    code = "model_failed"


class ModelUnavailable(ModelError):
    """No answer, or only errors of the server, also after trying again."""

    key = "imports.model.unavailable"
    is_passing = True
    code = "model_unavailable"


class RateLimited(ModelError):
    """The server asked to come back later than we are ready to wait."""

    key = "imports.model.busy"
    is_passing = True
    code = "model_busy"


class ModelMisconfigured(ModelError):
    """The key, the address or the model's name is wrong, or the account cannot pay."""

    key = "imports.model.misconfigured"
    code = "model_misconfigured"


class ModelRefused(ModelError):
    """The model answered that it will not or cannot; its reason is in `reason`."""

    key = "imports.model.refused"
    code = "model_refused"

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__()


class AnswerTruncated(ModelError):
    """The answer stopped at the token limit."""

    key = "imports.model.truncated"
    code = "answer_truncated"


class AnswerInvalid(ModelError):
    """The answer does not follow the schema, also after one repair."""

    key = "imports.model.invalid"
    code = "answer_invalid"


class BudgetSpent(ModelError):
    """A hard limit of spending has no room for the call; nothing was sent."""

    key = "budget_rules.refused"
    code = "budget_spent"
