"""Exchange rates as they are published at a configured address."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from fitmycv_admin.integrations import plain_get


@dataclass(frozen=True, slots=True)
class PublishedRates:
    """`url` gives a CSV or JSON that `domain/ai_costs/exchange_reading.py` understands."""

    url: str

    @property
    def name(self) -> str:
        """Its host, for the people who read where a rate comes from."""
        return urlsplit(self.url).hostname or "?"

    def published(self) -> str:
        """What the address answers. Raises BooksUnavailable."""
        return plain_get.get(self.url, {"Accept": "text/csv, application/json;q=0.9, */*;q=0.1"})
