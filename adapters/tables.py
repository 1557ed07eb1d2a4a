"""The tables. Every key of what a tenant owns has the tenant in it; names of constraints are stable.

There are no foreign keys from the tables that every batch writes: a lookup for each row would be the dearest part of
the insert, and nothing is removed but a whole tenant (adapters.tenants), which fences the batches first.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Sequence,
    String,
    Table,
    text,
)
from sqlalchemy.dialects import postgresql

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Compared byte by byte on every engine: cheaper than a language's order, and the order that Python sorts in.
Word = String().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Whole = BigInteger().with_variant(Integer, "sqlite")

partitions = Table(
    "partitions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    # Outcomes that may not be told yet and that the journal does not remember: adapters.partition_lock.
    Column("unremembered", String),
)

tenants = Table("tenants", metadata, Column("name", Word, primary_key=True))

users = Table(
    "users",
    metadata,
    Column("tenant", Word, primary_key=True),
    Column("name", Word, primary_key=True),
    Column("password_hash", String, nullable=False),
    Column("version", Word, nullable=False),
    ForeignKeyConstraint(["tenant"], ["tenants.name"], ondelete="CASCADE"),
)

user_permissions = Table(
    "user_permissions",
    metadata,
    Column("tenant", Word, primary_key=True),
    Column("user_name", Word, primary_key=True),
    Column("permission", Word, primary_key=True),
    ForeignKeyConstraint(["tenant", "user_name"], ["users.tenant", "users.name"], ondelete="CASCADE"),
)

last_ids = Table(
    "last_ids",
    metadata,
    Column("tenant", Word, primary_key=True),
    Column("kind", Word, primary_key=True),
    Column("last_id", Whole, nullable=False),
)

provisioning_profiles = Table(
    "provisioning_profiles",
    metadata,
    Column("tenant", Word, primary_key=True),
    Column("id", Whole, primary_key=True),
    Column("name", Word, nullable=False),
    Column("default_profile", Boolean, nullable=False),
    Column("locale", String),
    Column("initial_core_plan_name", String),
    Column("subscriber_class", String),
    Column("subscriber_type", String),
    Column("dps_enabled", Boolean),
    Column("dps_notification", Boolean),
    Column("eos_notification", Boolean),
    Column("payg_notification", Boolean),
    Index("uq_provisioning_profiles_name", "tenant", "name", unique=True),
    Index(
        "uq_provisioning_profiles_default",
        "tenant",
        unique=True,
        postgresql_where=text("default_profile"),
        sqlite_where=text("default_profile"),
    ),
)

plan_definitions = Table(
    "plan_definitions",
    metadata,
    Column("tenant", Word, primary_key=True),
    Column("id", Whole, primary_key=True),
    Column("name", Word, nullable=False),
    Column("unit_amount", String, nullable=False),
    Column("unit_metering_type", String, nullable=False),
    Column("cost", Whole, nullable=False),
    Column("validity_period", String, nullable=False),
    Column("granted_amount", Whole),
    Column("plan_precedence", Whole),
    Column("recurring", Boolean, nullable=False),
    Column("core", Boolean, nullable=False),
    Column("summary", String),
    Column("description", String),
    Column("max_deactivation_count", Whole),
    Column("finalised", Boolean, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("available", Boolean, nullable=False),
    Index("uq_plan_definitions_name", "tenant", "name", unique=True),
)

pcc_profiles = Table(
    "pcc_profiles",
    metadata,
    Column("tenant", Word, primary_key=True),
    Column("id", Whole, primary_key=True),
    Column("plan_definition_id", Whole, nullable=False),
    Column("alias", Word, nullable=False),
    Column("qos_profile_name", String),
    Column("service_profile_name", String),
    Column("network_profile_name", String),
    Column("device_profile_name", String),
    Column("time_profile_name", String),
    Column("location_profile_name", String),
    Column("charging_profile_name", String),
    Column("subscription_profile_name", String),
    Column("threshold", Boolean, nullable=False),
    Column("metering_percentage", Integer),
    Column("precedence", Integer, nullable=False),
    Index("uq_pcc_profiles_alias", "tenant", "plan_definition_id", "alias", unique=True),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("tenant", Word, primary_key=True),
    Column("msisdn", Word, primary_key=True),
    Column("imsi", Word),
    Column("alternate_notification_msisdn", String),
    Column("payment_type", String, nullable=False),
    Column("subscriber_class", String),
    Column("locale", String),
    Column("status", String, nullable=False),
    Column("dps_enabled", Boolean, nullable=False),
    Column("dps_notification", Boolean, nullable=False),
    Column("eos_notification", Boolean, nullable=False),
    Column("payg_notification", Boolean, nullable=False),
    Column("imei", Word),
    Column("zone", String),
    Column("renewal_day_of_month", Integer),
    Column("qos_category_name", String),
    Column("tag", Word),
    Column("created", Whole, nullable=False),
)


def _where_given(name: str, *columns: str, unique: bool = False) -> Index:
    """An index of the rows that have the first column: the others pay nothing for it.

    The tenant is not the first: it is mostly the same, and each comparison on the way to a row would be two (ADR 5).
    """
    given = subscribers.c[columns[0]].is_not(None)
    keys = [subscribers.c[column] for column in columns]
    return Index(name, *keys, unique=unique, postgresql_where=given, sqlite_where=given)


_where_given("uq_subscribers_imsi", "imsi", "tenant", unique=True)
_where_given("ix_subscribers_imei", "imei", "tenant", "created")
_where_given("ix_subscribers_tag", "tag", "tenant")

creations = Sequence("creations", metadata=metadata)
"""Orders creations where the engine has sequences; SQLite has one writer, and counts in `last_ids`."""

journal = Table(
    "journal",
    metadata,
    Column("tenant", Word, primary_key=True),
    Column("command_id", Word, primary_key=True),
    # Of operation, params and payload.
    Column("fingerprint", Word, nullable=False),
    Column("event_id", Word, nullable=False),
    # Milliseconds since 1970.
    Column("executed_at", Whole, nullable=False),
    Column("operation", String, nullable=False),
    Column("correlation_id", String, nullable=False),
    Column("subject", String),
    Column("status", Integer, nullable=False),
    Column("reason", String),
    Column("fate", String, nullable=False),
    # json, not jsonb: members keep their order.
    Column("data", JSON().with_variant(String, "sqlite")),
    # A block range index would cost less for each insert, but once new rows fill the gaps of old ones, find nothing.
    Index("ix_journal_executed_at", "executed_at"),
)
