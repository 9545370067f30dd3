"""Exchange rates as they are published at a configured address."""

from dataclasses import dataclass

from fitmycv_admin.integrations import plain_get


@dataclass(frozen=True, slots=True)
class PublishedRates:
    """`url` gives a CSV or JSON that `domain/ai_costs/exchange_reading.py` understands."""

    url: str

    def published(self) -> str:
        """What the address answers. Raises BooksUnavailable."""
        return plain_get.get(self.url, {"Accept": "text/csv, application/json;q=0.9, */*;q=0.1"})
