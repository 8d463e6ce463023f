# mypy: ignore-errors
"""Run by pretix's own Python, on standard input of ``python -m pretix shell``: one event with paid tickets.

Prints one line of JSON: the device's token, the check-in list, and the tickets' secrets.
"""

import json
import os
from datetime import timedelta
from decimal import Decimal

from django.utils.timezone import now
from django_scopes import scopes_disabled
from pretix.base.models import Device, Event, Order, OrderPosition, Organizer

with scopes_disabled():
    organizer = Organizer.objects.create(name="Meihu", slug="meihu")
    event = Event.objects.create(
        organizer=organizer, name="Duty", slug="duty", live=True, currency="EUR", date_from=now(), plugins=""
    )
    item = event.items.create(name="Shift", default_price=Decimal("0.00"), admission=True)
    gate = event.checkin_lists.create(name="Hall", all_products=True)
    device = Device.objects.create(
        organizer=organizer,
        name="kiosk",
        all_events=True,
        initialized=now(),
        api_token="benchmark-token",
        unique_serial="BENCH",
        device_id=1,
    )
    tickets = []
    for place in range(int(os.environ["TICKETS"])):
        order = Order.objects.create(
            code=f"T{place:06}",
            event=event,
            email="",
            status=Order.STATUS_PAID,
            datetime=now(),
            expires=now() + timedelta(days=10),
            total=Decimal("0.00"),
            locale="en",
            sales_channel=organizer.sales_channels.get(identifier="web"),
        )
        tickets.append(
            OrderPosition.objects.create(
                order=order,
                item=item,
                variation=None,
                price=Decimal("0.00"),
                secret=f"ticket{place:06}",
                positionid=1,
            ).secret
        )
        order.create_transactions()
    print("FIXTURE " + json.dumps({"token": device.api_token, "list": gate.pk, "secrets": tickets}))
