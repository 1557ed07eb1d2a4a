"""Subscribers that are there before a measurement, written by one statement: five million take a minute or two."""

from sqlalchemy import BigInteger, ColumnElement, Connection, String, bindparam, cast, func, insert, literal, select

from adapters.tables import subscribers
from benchmarks.scenarios import FACTOR, IMEI, IMSI, MSISDN, NUMBERS, OFFSET, Number, payload_of, subscriber_number


def add_subscribers(connection: Connection, tenant: str, count: int) -> None:
    """The subscribers 0 to `count` - 1, as commands would have made them. Nobody calls ANALYZE."""
    if not count:
        return
    dialect = connection.dialect.name
    counted = select(literal(0, BigInteger).label("i")).cte("counted", recursive=True)
    following = select(counted.c.i + 1).where(counted.c.i + 1 < bindparam("count"))
    counted = counted.union_all(following)
    number = (counted.c.i * FACTOR + OFFSET) % NUMBERS

    def spelt(form: Number) -> ColumnElement[str]:
        if dialect == "sqlite":
            return literal(form.prefix, String).concat(func.printf(f"%0{form.digits}d", number))
        return literal(form.prefix, String).concat(func.lpad(cast(number, String), form.digits, "0"))

    like = payload_of(subscriber_number(0))
    values = {
        "tenant": literal(tenant),
        "msisdn": spelt(MSISDN),
        "imsi": spelt(IMSI),
        "imei": spelt(IMEI),
        "alternate_notification_msisdn": spelt(MSISDN),
        "created": counted.c.i,
        "subscriber_class": literal(like["class"]),
        "payment_type": literal(like["paymentType"]),
        "renewal_day_of_month": literal(like["renewalDayOfMonth"]),
        "dps_enabled": literal(like["dpsEnabled"]),
        "dps_notification": literal(like["dpsNotification"]),
        "eos_notification": literal(like["eosNotification"]),
        "payg_notification": literal(like["paygNotification"]),
    } | {name: literal(like[name]) for name in ("locale", "status", "zone", "tag")}
    rows = select(*(value.label(name) for name, value in values.items()))
    connection.execute(insert(subscribers).from_select(list(values), rows), {"count": count})
