"""Who puts new critical incidents into words, where a language model is set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from monitoring.analysis import Analyst
from monitoring.metrics import Catalogue
from monitoring.settings import Settings
from monitoring.store.store import Store


def analyst_for(
    settings: Settings, store: Store, catalogue: Catalogue, clock: Callable[[], datetime]
) -> Analyst | None:
    """The analyst of a platform; `None` without a key or where none is wanted."""
    if settings.openai_api_key is None or not settings.analyses_per_hour:
        return None

    def explain(incident: dict[str, Any], now: datetime) -> str:
        # The libraries of the service take a second to load: only once there is an incident.
        from monitoring.agent.analysis import explainer
        from monitoring.agent.budget import Budget
        from monitoring.agent.models import service_model

        model = service_model(settings)
        assert model is not None
        patience = 2 * settings.openai_timeout_seconds
        budget = Budget(settings, store.usage, clock, "analysis")
        return explainer(model, catalogue, settings.timezone, patience, budget)(incident, now)

    per_hour = settings.analyses_per_hour
    return Analyst(store, explain, model=settings.openai_model, per_hour=per_hour, clock=clock)
