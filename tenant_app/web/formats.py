"""Numbers, sizes, money and dates as a person reads them, in the language of the page."""

from datetime import UTC, date, datetime
from decimal import Decimal

from babel.numbers import format_decimal
from flask_babel import format_currency, format_date, format_time, get_locale, gettext


def number(value: int) -> str:
    """Return a whole number with its thousands apart."""
    return format_decimal(value, locale=get_locale())


def size(octets: int) -> str:
    """Return a size in bytes with three figures at most, in powers of 1,000 as the plans count."""
    value = float(octets)
    unit = 0
    while value >= 1000 and unit < 4:
        value /= 1000
        unit += 1
    pattern = "#,##0" if unit == 0 or value >= 10 else "#,##0.#"
    return f"{format_decimal(value, format=pattern, locale=get_locale())}\u202f{_unit_names()[unit]}"


def _unit_names() -> tuple[str, ...]:
    return (gettext("o"), gettext("Ko"), gettext("Mo"), gettext("Go"), gettext("To"))


def euros(amount: Decimal) -> str:
    """Return an amount of money in euros, with its cents."""
    return str(format_currency(amount, "EUR"))


def day(moment: date) -> str:
    """Return a day such as « 21 novembre 2026 »; a moment is taken where the client lives."""
    text = str(format_date(moment, "long"))
    return text.replace("1 ", "1er ", 1) if text.startswith("1 ") and str(get_locale()) == "fr" else text


def hour(moment: datetime) -> str:
    """Return the hour and minute of a moment, where the client lives."""
    return str(format_time(moment, "HH:mm"))


def month_name(month: str) -> str:
    """Return « novembre 2026 » for ``2026-11``. Raises ValueError when it is not a month."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC).date()
    return str(format_date(first, "MMMM y"))


def initials(name: str) -> str:
    """Return the one or two letters that stand for a client without a logo."""
    words = [word for word in name.replace("-", " ").replace("'", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"
