"""A small catalogue: open and fixed denominations in three currencies, templates, and products that say no."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Product:
    """One product that an order can name."""

    code: str
    name: str
    currency: str
    """ISO 4217."""
    minimum: str = "5"
    """Smallest face value, as the API writes it: a string of any scale."""
    maximum: str = "500.00"
    fixed: tuple[str, ...] = ()
    """The only face values there are; empty: any between minimum and maximum."""
    discount: Decimal = Decimal(0)
    """What the payer saves: 0.05 is five per cent."""
    state: str = "LIVE"
    payout_type: str = "GIFT_CARD"

    @property
    def is_orderable(self) -> bool:
        """Whether an order for it is taken."""
        return self.state != "TEMPORARILY_DISABLED"

    def can_give(self, face_value: Decimal) -> bool:
        """Whether this product comes in that value."""
        if self.fixed:
            return face_value in {Decimal(each) for each in self.fixed}
        return Decimal(self.minimum) <= face_value <= Decimal(self.maximum)

    def document(self) -> dict[str, object]:
        """As `GET /product` shows it."""
        denominations: dict[str, object] = {
            "type": "fixed" if self.fixed else "open",
            "minimum_value": self.minimum,
            "maximum_value": self.maximum,
            "available_list": list(self.fixed),
        }
        return {
            "code": self.code,
            "name": self.name,
            "currency": self.currency,
            "state": self.state,
            "is_orderable": self.is_orderable,
            "payout_type": self.payout_type,
            "discount_multiplier": format(self.discount, "f"),
            "gift_card": {"denominations": denominations},
        }


PRODUCTS = (
    Product("AMZ-GB", "Amazon (United Kingdom)", "GBP", "0.01", "1000.00", discount=Decimal("0.02")),
    Product("AIRBNB-GB", "Airbnb (United Kingdom)", "GBP", "10", "500.00", discount=Decimal("0.05")),
    Product("HARBOUR-GB", "Harbour Books", "GBP", "10", "100", fixed=("10", "25.00", "50", "100.00")),
    Product("CLOSED-GB", "Closed for now", "GBP", state="TEMPORARILY_DISABLED"),
    Product("SLOW-GB", "Works, but not well", "GBP", state="TEMPORARILY_DEGRADED"),
    Product("BANK-GB", "Transfer to a bank account", "GBP", "1", "2500.00", payout_type="PAYMENT"),
    Product("AMZ-DE", "Amazon (Germany)", "EUR", "0.01", "1000.00", discount=Decimal("0.02")),
    Product("MARKT-DE", "Marktplatz", "EUR", "10", "50", fixed=("10", "20", "50.00"), discount=Decimal("0.04")),
    Product("AMZ-FR", "Amazon (France)", "EUR", "0.15", "500.00"),
    Product("AMZ-US", "Amazon (United States)", "USD", "0.01", "2000.00", discount=Decimal("0.01")),
    Product("DINER-US", "Diner", "USD", "10", "100", fixed=("10", "25", "50", "100.00")),
    Product("BANK-US", "Transfer to a bank account", "USD", "1", "2500.00", payout_type="PAYMENT"),
)

TEMPLATES: Mapping[str, str] = {"PT-THANKS-GB": "GBP", "PT-THANKS-DE": "EUR", "PT-THANKS-US": "USD"}
"""Payout templates and the currency of the products behind each; whole numbers from 1 to 1000."""

TEMPLATE_MAXIMUM = Decimal(1000)

BY_CODE: Mapping[str, Product] = {product.code: product for product in PRODUCTS}
