"""Budgets: what an engine may spend on a file and in a day, whoever else spends at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from threading import Barrier
from unittest import mock

import pytest

from media_assets.base.errors import Fatal, OverBudget
from media_assets.work import spending as module
from media_assets.work.settings import BudgetSettings
from media_assets.work.spending import MemoryLedger, Spending

TODAY = date(2026, 3, 31)


@contextmanager
def at(hour: int, day: date = TODAY) -> Iterator[None]:
    with mock.patch.object(module, "datetime", wraps=datetime) as clock:
        clock.now.return_value = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        yield


def pay(spending: Spending, estimate: float | None, cost: float | None = None) -> None:
    with spending.paying(estimate) as payment:
        payment.cost_usd = cost


def test_what_a_call_cost_counts_and_not_what_was_estimated() -> None:
    ledger = MemoryLedger()
    with at(12):
        pay(Spending(ledger=ledger), 2.0, 0.5)
    assert ledger.spent_usd(TODAY) == 0.5


def test_a_call_that_breaks_counts_as_estimated_unless_nothing_was_charged() -> None:
    ledger = MemoryLedger()
    spending = Spending(ledger=ledger)
    with at(12):
        with pytest.raises(ZeroDivisionError), spending.paying(2.0):
            raise ZeroDivisionError
        with pytest.raises(ZeroDivisionError), spending.paying(2.0) as payment:
            payment.cost_usd = 0.0
            raise ZeroDivisionError
    assert ledger.spent_usd(TODAY) == spending.spent_usd == 2.0


def test_a_file_that_would_cost_too_much_is_not_begun() -> None:
    ledger = MemoryLedger()
    spending = Spending(BudgetSettings(per_file_usd=1.0), ledger)
    with pytest.raises(OverBudget, match=r"would cost about \$1.50, and a file may cost \$1.00") as caught:
        spending.require(1.5)
    assert "budgets.per_file_usd" in caught.value.next_step
    with at(12):
        pay(spending, 0.75, 0.75)
        with pytest.raises(OverBudget):
            pay(spending, 0.5)
        pay(spending, 0.25, 0.25)
    assert ledger.spent_usd(TODAY) == 1.0


def test_the_budget_of_a_day_is_full_for_all_files_and_free_again_the_next_day() -> None:
    ledger, budgets = MemoryLedger(), BudgetSettings(per_day_usd=1.0)
    with at(23):
        pay(Spending(budgets, ledger), 0.5, 0.75)
        with pytest.raises(Fatal, match=r"the budget of \$1.00 a day .* \$0.75 are spent .* about \$0.50") as caught:
            pay(Spending(budgets, ledger), 0.5)
        assert caught.value.next_step.startswith("Run again after 2026-04-01 00:00 UTC, or raise budgets.per_day_usd")
        assert ledger.spent_usd(TODAY) == 0.75, "what was not begun is not counted"
    with at(0, date(2026, 4, 1)):
        pay(Spending(budgets, ledger), 0.5, 0.5)


def test_a_call_over_midnight_belongs_to_the_day_it_began() -> None:
    ledger = MemoryLedger()
    spending = Spending(ledger=ledger)
    with at(23):
        call = spending.paying(2.0)
        payment = call.__enter__()
    with at(0, date(2026, 4, 1)):
        payment.cost_usd = 0.5
        call.__exit__(None, None, None)
    assert (ledger.spent_usd(TODAY), ledger.spent_usd(date(2026, 4, 1))) == (0.5, 0.0)


def test_calls_at_the_same_time_never_spend_more_than_the_budget() -> None:
    ledger, budgets = MemoryLedger(), BudgetSettings(per_day_usd=1.0)
    begin = Barrier(8)

    def spend(_: int) -> int:
        begin.wait()
        done = 0
        for _ in range(20):
            try:
                pay(Spending(budgets, ledger), 0.03125, 0.03125)
            except Fatal:
                continue
            done += 1
        return done

    with at(12), ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(spend, range(8)))
        assert ledger.spent_usd(TODAY) == pytest.approx(done * 0.03125)
        assert done <= 32
        while done < 32:  # nor does a call that was refused in the crowd leave anything behind
            pay(Spending(budgets, ledger), 0.03125, 0.03125)
            done += 1


def test_without_a_price_a_budget_cannot_be_kept() -> None:
    with pytest.raises(Fatal, match="no price") as caught:
        Spending(BudgetSettings(per_day_usd=1.0)).require(None)
    assert "0 where it costs nothing" in caught.value.next_step
    pay(Spending(), None)
    pay(Spending(BudgetSettings(per_day_usd=0.0)), 0.0, 0.0)
