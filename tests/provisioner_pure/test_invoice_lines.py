"""What a month costs: by days, to the cent, whatever changes in it and whenever."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import InvalidRequest
from provisioner.invoicing.agreements import (
    BilledOption,
    Notice,
    Overage,
    billed_days,
    committed_until,
    contract_end,
)
from provisioner.invoicing.amounts import apportion, french, half_up, vat
from provisioner.invoicing.lines import Charge, Unreconciled, month_lines
from provisioner.invoicing.months import Month, add_months, civil_day
from tests.provisioner_pure.invoice_samples import noon, term, usage

JANUARY = Month(2026, 1)
MONTHS = st.builds(Month, st.integers(2024, 2032), st.integers(1, 12))
PRICES = st.integers(0, 200_000)


@st.composite
def parts_of_a_month(draw: st.DrawFn) -> tuple[list[int], list[int], int]:
    whole = draw(st.integers(28, 31))
    cuts = sorted(draw(st.sets(st.integers(1, whole - 1), max_size=6)))
    days = [end - start for start, end in zip([0, *cuts], [*cuts, whole], strict=True)]
    return [draw(PRICES) for _ in days], days, whole


@given(parts_of_a_month())
def test_parts_add_up_to_the_exact_sum_rounded_once(parts: tuple[list[int], list[int], int]) -> None:
    prices, days, whole = parts
    exact = [Fraction(price * count, whole) for price, count in zip(prices, days, strict=True)]
    amounts = apportion(prices, days, whole)
    assert sum(amounts) == half_up(sum(exact, Fraction(0)))
    assert all(0 <= amount - floor(one) <= 1 for amount, one in zip(amounts, exact, strict=True))


@given(st.data())
def test_a_plan_that_only_changes_its_name_costs_its_price(data: st.DataObject) -> None:
    month, price = data.draw(MONTHS), data.draw(PRICES)
    day = data.draw(st.integers(2, month.days))
    terms = [
        term(1, noon(2023, 5, 5), price_cents=price),
        term(2, noon(month.year, month.number, day), price_cents=price, plan="other"),
    ]
    assert sum(line.net_cents for line in month_lines(month, terms, [], None)) == price


@given(MONTHS, PRICES, st.integers(1, 30))
def test_coming_earlier_never_costs_less(month: Month, price: int, day: int) -> None:
    def total(first: int) -> int:
        terms = [term(1, noon(month.year, month.number, first), price_cents=price)]
        return sum(line.net_cents for line in month_lines(month, terms, [], None))

    later = min(day + 1, month.days)
    assert total(min(day, month.days)) >= total(later)
    assert total(1) == price


def test_the_upgrade_of_document_001_in_the_middle_of_a_month() -> None:
    terms = [
        term(1, noon(2025, 6, 1), plan="starter", title="Starter", price_cents=9_900),
        term(2, noon(2026, 1, 10)),
    ]
    starter, professional = month_lines(JANUARY, terms, [], None)
    assert (starter.net_cents, starter.first_day, starter.last_day) == (
        2_874,
        date(2026, 1, 1),
        date(2026, 1, 9),
    )
    assert (professional.net_cents, professional.first_day) == (21_220, date(2026, 1, 10))
    assert starter.detail == "9 jours sur 31"
    assert starter.source.terms == (1,)


def test_of_several_plans_on_one_day_the_last_is_billed_for_it() -> None:
    day = datetime(2026, 1, 10, 8, tzinfo=UTC)
    terms = [
        term(1, noon(2025, 6, 1), plan="starter", price_cents=9_900),
        *(
            term(number, day + timedelta(hours=number), plan=plan, price_cents=price)
            for number, (plan, price) in enumerate(
                (("enterprise", 59_900), ("demo", 0), ("professional", 29_900)), 2
            )
        ),
    ]
    assert [line.net_cents for line in month_lines(JANUARY, terms, [], None)] == [2_874, 21_220]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 1, 31, 22, 59, tzinfo=UTC), date(2026, 1, 31)),
        (datetime(2026, 1, 31, 23, 0, tzinfo=UTC), date(2026, 2, 1)),
        (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_a_day_is_one_of_the_french_calendar(moment: datetime, day: date) -> None:
    assert civil_day(moment) == day


@pytest.mark.parametrize(
    ("year", "number", "days"), [(2026, 3, 31), (2026, 10, 31), (2028, 2, 29), (2027, 2, 28)]
)
def test_clock_changes_and_leap_years_count_whole_days(year: int, number: int, days: int) -> None:
    month = Month(year, number)
    assert month.days == days == len(billed_days([term(1, noon(2025, 1, 1))], month.first, month.end))


def test_a_month_is_over_when_nobody_counts_in_it_any_more() -> None:
    assert not JANUARY.is_over(datetime(2026, 1, 31, 23, 30, tzinfo=UTC)), "February in Paris, January in UTC"
    assert JANUARY.is_over(datetime(2026, 2, 1, tzinfo=UTC))
    assert not Month(2026, 12).is_over(noon(2026, 12, 31))
    assert Month(2026, 12).is_over(noon(2027, 1, 1))


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-01", "2026-01\n", "", "٢٠٢٦-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        Month.parse(text)


def test_months_are_added_to_the_last_day_there_is() -> None:
    assert add_months(date(2027, 1, 31), 1) == date(2027, 2, 28)
    assert add_months(date(2028, 2, 29), 12) == date(2029, 2, 28)
    assert add_months(date(2026, 12, 5), 1) == date(2027, 1, 5)


def test_without_commitment_or_notice_a_client_pays_until_it_leaves() -> None:
    terms = [term(1, noon(2026, 1, 5)), term(2, noon(2026, 1, 20), billed=False)]
    (line,) = month_lines(JANUARY, terms, [], None)
    assert (line.first_day, line.last_day, line.net_cents) == (date(2026, 1, 5), date(2026, 1, 19), 14_468)
    assert month_lines(Month(2026, 2), terms, [], None) == []


def test_who_leaves_pays_to_the_end_of_the_notice() -> None:
    terms = [
        term(1, noon(2025, 1, 5), notice_days=30),
        term(2, noon(2026, 1, 20), notice_days=30, billed=False),
    ]
    assert contract_end(terms) == date(2026, 2, 19)
    (line,) = month_lines(Month(2026, 2), terms, [], None)
    assert (line.last_day, line.detail) == (date(2026, 2, 18), "18 jours sur 28, jusqu’au terme du contrat")


def test_no_contract_ends_within_its_commitment_unless_it_was_agreed_on() -> None:
    more = {"commitment_months": 12, "notice_days": 30}
    terms = [
        term(1, noon(2025, 12, 1), plan="demo", price_cents=0),
        term(2, noon(2026, 1, 15), **more),
        term(3, noon(2026, 3, 1), **more, billed=False),
    ]
    assert committed_until(terms) == contract_end(terms) == date(2027, 1, 15)
    agreed = Notice(given_on=date(2026, 2, 1), ends_on=date(2026, 4, 1))
    terms.append(term(4, noon(2026, 3, 2), **more, notice=agreed, billed=False))
    assert contract_end(terms) == date(2026, 4, 1)


def test_a_notice_given_in_time_ends_the_contract_even_while_the_client_is_still_there() -> None:
    terms = [term(1, noon(2025, 1, 5), notice_days=30, notice=Notice(given_on=date(2026, 1, 2)))]
    assert contract_end(terms) == date(2026, 2, 1)
    assert month_lines(Month(2026, 2), terms, [], None) == []


def test_a_client_made_and_undone_on_one_day_owes_nothing() -> None:
    terms = [
        term(1, datetime(2026, 1, 5, 8, tzinfo=UTC)),
        term(2, datetime(2026, 1, 5, 9, tzinfo=UTC), billed=False),
    ]
    assert month_lines(JANUARY, terms, [], None) == []
    assert month_lines(JANUARY, [term(1, noon(2026, 1, 5), billed=False)], [], None) == []


def test_an_option_is_paid_by_the_month_and_its_parts() -> None:
    key = BilledOption(code="extra-key", title="Clé API", price_cents=5_000, quantity=1)
    two = key.model_copy(update={"quantity": 2})
    terms = [term(1, noon(2025, 6, 1), options=(key,)), term(2, noon(2026, 1, 11), options=(two,))]
    _, one_key, two_keys = month_lines(JANUARY, terms, [], None)
    assert (one_key.net_cents, two_keys.net_cents) == (1_613, 6_774)
    assert two_keys.detail == "21 jours sur 31, quantité 2"
    _, whole = month_lines(Month(2026, 2), terms, [], None)
    assert (whole.quantity, whole.unit, whole.unit_cents) == (2, "month", 5_000)


def test_what_was_charged_once_is_a_line_of_its_own() -> None:
    charge = Charge(7, "dupont", 1, date(2026, 1, 9), "ingestion", "Ajout", "23 documents", 3, 15_000)
    *_, line = month_lines(JANUARY, [term(1, noon(2025, 6, 1))], [charge], None)
    assert (line.net_cents, line.source.charge, line.detail) == (45_000, 7, "23 documents")


OVERAGE = Overage(request_cents=5, analysis_cents=40)


def test_units_beyond_the_plan_are_billed_by_the_usage_record() -> None:
    counted = usage(requests_used=10_250, analyses_used=503, overage_fees=Decimal("13.70"))
    terms = [term(1, noon(2025, 6, 1), overage=OVERAGE)]
    _, requests, analyses = month_lines(JANUARY, terms, [], counted)
    assert (requests.quantity, requests.net_cents) == (250, 1_250)
    assert (analyses.quantity, analyses.net_cents) == (3, 120)
    assert requests.source.usage_sha256 == "ab" * 32
    assert requests.detail == "10\u202f250 comptées, 10\u202f000 comprises"


def test_a_record_that_says_another_sum_is_not_billed_by_either() -> None:
    terms = [term(1, noon(2025, 6, 1), overage=OVERAGE)]
    with pytest.raises(Unreconciled, match=r"12\.49 € beyond its plan; by its terms .* 12\.50 €"):
        month_lines(JANUARY, terms, [], usage(requests_used=10_250, overage_fees=Decimal("12.49")))
    with pytest.raises(Unreconciled, match="how many it used in 2026-01 is unknown"):
        month_lines(JANUARY, terms, [], None)


def test_the_terms_as_the_counted_month_ends_say_what_is_beyond() -> None:
    """At 23:30 UTC on the last of January it is February in Paris, and the instance still counts January."""
    blocked = term(1, noon(2025, 6, 1))
    late = term(2, datetime(2026, 1, 31, 23, 30, tzinfo=UTC), overage=OVERAGE)
    counted = usage(requests_used=10_001, overage_fees=Decimal("0.05"))
    assert len(month_lines(JANUARY, [blocked, late], [], counted)) == 2
    after = term(2, datetime(2026, 2, 1, 0, 0, tzinfo=UTC), overage=OVERAGE)
    assert len(month_lines(JANUARY, [blocked, after], [], None)) == 1


@pytest.mark.parametrize(("net", "tax"), [(29_900, 5_980), (1, 0), (2, 0), (3, 1), (13, 3), (0, 0)])
def test_tax_is_rounded_once_on_the_sum(net: int, tax: int) -> None:
    assert vat(net, Decimal(20)) == tax


def test_amounts_are_written_as_in_france() -> None:
    assert french(123_456_789) == "1\u202f234\u202f567,89\u00a0€"
    assert french(-5) == "−0,05\u00a0€"
