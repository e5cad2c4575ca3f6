"""Money: what a file may cost, what a day may cost, and how an engine that costs money asks first.

Before each call that is paid for, an engine says what it will cost at most, and afterwards what it did cost:

    with work.spending.paying(minutes * price) as payment:
        answer = call()
        payment.cost_usd = answer.minutes * price

Who knows beforehand what the whole file will cost asks `work.spending.require(...)` once, so that nothing is paid for
what cannot be finished. A cost that is not said (the call broke) counts as what was estimated: the service may well
have charged it. Whoever knows that nothing was charged says `payment.cost_usd = 0.0`.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from media_assets.base.errors import DayIsSpent, Fatal, OverBudget
from media_assets.work.settings import BudgetSettings

_ROUNDING_USD = 1e-9


class Ledger(Protocol):
    """What was spent on the days, by all who work on one library. Called from several threads."""

    def add(self, day: date, usd: float) -> None:
        """Count an amount for a day; a negative one takes back what was estimated too high."""

    def spent_usd(self, day: date) -> float:
        """What everybody spent on a day. Whatever was added before, by whomever, is in it."""


class MemoryLedger:
    """The ledger of one process, for work that belongs to no library."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: defaultdict[date, float] = defaultdict(float)

    def add(self, day: date, usd: float) -> None:
        with self._lock:
            self._spent[day] += usd

    def spent_usd(self, day: date) -> float:
        return self._spent[day]


@dataclass
class Payment:
    """What one call costs."""

    cost_usd: float | None = None
    """What it cost; None while that is not known."""


class Spending:
    """The money for the work on one file.

    Args:
        budgets: What may be spent; nothing in it is no limit.
    """

    def __init__(self, budgets: BudgetSettings | None = None, ledger: Ledger | None = None) -> None:
        self._budgets = budgets or BudgetSettings()
        self._ledger = ledger or MemoryLedger()
        self.spent_usd = 0.0
        """What was spent for this file so far, in this attempt."""

    def require(self, estimate_usd: float | None) -> None:
        """Ask whether the rest of the file may cost so much, before any of it is paid.

        Args:
            estimate_usd: US dollars at most; None when no price is configured.

        Raises:
            OverBudget: that is more than a file may cost.
            Fatal: a budget cannot be kept without a price.
        """
        expected = self.spent_usd + self._known(estimate_usd)
        limit = self._budgets.per_file_usd
        if limit is not None and expected > limit + _ROUNDING_USD:
            raise OverBudget(
                f"would cost about {_dollars(expected)}, and a file may cost {_dollars(limit)}",
                next_step="Raise budgets.per_file_usd in library.yaml, or let a rule choose another engine for it, "
                "then retry it",
            )

    @contextmanager
    def paying(self, estimate_usd: float | None) -> Iterator[Payment]:
        """Around a call that is paid for. The estimate counts as spent until the cost is known.

        Args:
            estimate_usd: US dollars at most; None when no price is configured.

        Raises:
            OverBudget: the file would cost more than it may.
            DayIsSpent: the day's budget does not hold so much any more.
            Fatal: a budget cannot be kept without a price.
        """
        self.require(estimate_usd)
        estimate = self._known(estimate_usd)
        day = datetime.now(UTC).date()
        self._reserve(day, estimate)
        payment = Payment()
        try:
            yield payment
        finally:
            cost = estimate if payment.cost_usd is None else payment.cost_usd
            self.spent_usd += cost
            if cost != estimate:
                self._ledger.add(day, cost - estimate)

    def _known(self, estimate_usd: float | None) -> float:
        if estimate_usd is None and self._budgets != BudgetSettings():
            raise Fatal(
                "budgets cannot be kept: library.yaml has no price for the configured model",
                next_step="Set it beside the model (0 where it costs nothing), or remove `budgets`",
            )
        return estimate_usd or 0.0

    def _reserve(self, day: date, estimate: float) -> None:
        """Count first and look then: of two who do so at once, at least one sees both."""
        if estimate == 0:
            return
        self._ledger.add(day, estimate)
        limit = self._budgets.per_day_usd
        if limit is None:
            return
        spent = self._ledger.spent_usd(day)
        if spent > limit + _ROUNDING_USD:
            self._ledger.add(day, -estimate)
            raise DayIsSpent(
                f"the budget of {_dollars(limit)} a day does not hold what comes next: "
                f"{_dollars(spent - estimate)} are spent today or promised to calls under way, "
                f"and this would cost about {_dollars(estimate)}",
                day,
                next_step=f"Run again after {day + timedelta(days=1)} 00:00 UTC, or raise budgets.per_day_usd in "
                "library.yaml",
            )


def _dollars(usd: float) -> str:
    return f"${usd:.2f}" if usd >= 1 or round(usd, 2) == usd else f"${usd:.2g}"
