"""The first schema.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSequence, Sequence

revision = "0001"
down_revision = None

_WORD = sa.String().with_variant(sa.TEXT(collation="C"), "postgresql")
_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create all tables."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(CreateSequence(Sequence("creations")))
    op.create_table(
        "journal",
        sa.Column("tenant", _WORD, nullable=False),
        sa.Column("command_id", _WORD, nullable=False),
        sa.Column("fingerprint", _WORD, nullable=False),
        sa.Column("event_id", _WORD, nullable=False),
        sa.Column("executed_at", _WHOLE, nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("fate", sa.String(), nullable=False),
        sa.Column("data", sa.JSON().with_variant(sa.String(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "command_id", name=op.f("pk_journal")),
    )
    op.create_index("ix_journal_executed_at", "journal", ["executed_at"], unique=False)
    op.create_table(
        "last_ids",
        sa.Column("tenant", _WORD, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("last_id", _WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", name=op.f("pk_last_ids")),
    )
    op.create_table(
        "partitions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unremembered", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_partitions")),
    )
    op.create_table(
        "pcc_profiles",
        sa.Column("tenant", _WORD, nullable=False),
        sa.Column("id", _WHOLE, nullable=False),
        sa.Column("plan_definition_id", _WHOLE, nullable=False),
        sa.Column("alias", _WORD, nullable=False),
        sa.Column("qos_profile_name", sa.String(), nullable=True),
        sa.Column("service_profile_name", sa.String(), nullable=True),
        sa.Column("network_profile_name", sa.String(), nullable=True),
        sa.Column("device_profile_name", sa.String(), nullable=True),
        sa.Column("time_profile_name", sa.String(), nullable=True),
        sa.Column("location_profile_name", sa.String(), nullable=True),
        sa.Column("charging_profile_name", sa.String(), nullable=True),
        sa.Column("subscription_profile_name", sa.String(), nullable=True),
        sa.Column("threshold", sa.Boolean(), nullable=False),
        sa.Column("metering_percentage", sa.Integer(), nullable=True),
        sa.Column("precedence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_pcc_profiles")),
    )
    op.create_index("uq_pcc_profiles_alias", "pcc_profiles", ["tenant", "plan_definition_id", "alias"], unique=True)
    op.create_table(
        "plan_definitions",
        sa.Column("tenant", _WORD, nullable=False),
        sa.Column("id", _WHOLE, nullable=False),
        sa.Column("name", _WORD, nullable=False),
        sa.Column("unit_amount", sa.String(), nullable=False),
        sa.Column("unit_metering_type", sa.String(), nullable=False),
        sa.Column("cost", _WHOLE, nullable=False),
        sa.Column("validity_period", sa.String(), nullable=False),
        sa.Column("granted_amount", _WHOLE, nullable=True),
        sa.Column("plan_precedence", _WHOLE, nullable=True),
        sa.Column("recurring", sa.Boolean(), nullable=False),
        sa.Column("core", sa.Boolean(), nullable=False),
        sa.Column("summary", sa.String(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("max_deactivation_count", _WHOLE, nullable=True),
        sa.Column("finalised", sa.Boolean(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_plan_definitions")),
    )
    op.create_index("uq_plan_definitions_name", "plan_definitions", ["tenant", "name"], unique=True)
    op.create_table(
        "provisioning_profiles",
        sa.Column("tenant", _WORD, nullable=False),
        sa.Column("id", _WHOLE, nullable=False),
        sa.Column("name", _WORD, nullable=False),
        sa.Column("default_profile", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("initial_core_plan_name", sa.String(), nullable=True),
        sa.Column("subscriber_class", sa.String(), nullable=True),
        sa.Column("subscriber_type", sa.String(), nullable=True),
        sa.Column("dps_enabled", sa.Boolean(), nullable=True),
        sa.Column("dps_notification", sa.Boolean(), nullable=True),
        sa.Column("eos_notification", sa.Boolean(), nullable=True),
        sa.Column("payg_notification", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_provisioning_profiles")),
    )
    op.create_index(
        "uq_provisioning_profiles_default",
        "provisioning_profiles",
        ["tenant"],
        unique=True,
        postgresql_where=sa.text("default_profile"),
        sqlite_where=sa.text("default_profile"),
    )
    op.create_index("uq_provisioning_profiles_name", "provisioning_profiles", ["tenant", "name"], unique=True)
    op.create_table(
        "subscribers",
        sa.Column("tenant", _WORD, nullable=False),
        sa.Column("msisdn", _WORD, nullable=False),
        sa.Column("imsi", _WORD, nullable=True),
        sa.Column("alternate_notification_msisdn", sa.String(), nullable=True),
        sa.Column("payment_type", sa.String(), nullable=False),
        sa.Column("subscriber_class", sa.String(), nullable=True),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("dps_enabled", sa.Boolean(), nullable=False),
        sa.Column("dps_notification", sa.Boolean(), nullable=False),
        sa.Column("eos_notification", sa.Boolean(), nullable=False),
        sa.Column("payg_notification", sa.Boolean(), nullable=False),
        sa.Column("imei", _WORD, nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("renewal_day_of_month", sa.Integer(), nullable=True),
        sa.Column("qos_category_name", sa.String(), nullable=True),
        sa.Column("tag", _WORD, nullable=True),
        sa.Column("created", _WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "msisdn", name=op.f("pk_subscribers")),
    )
    op.create_index(
        "ix_subscribers_imei",
        "subscribers",
        ["imei", "tenant", "created"],
        unique=False,
        postgresql_where=sa.text("imei IS NOT NULL"),
        sqlite_where=sa.text("imei IS NOT NULL"),
    )
    op.create_index(
        "ix_subscribers_tag",
        "subscribers",
        ["tag", "tenant"],
        unique=False,
        postgresql_where=sa.text("tag IS NOT NULL"),
        sqlite_where=sa.text("tag IS NOT NULL"),
    )
    op.create_index(
        "uq_subscribers_imsi",
        "subscribers",
        ["imsi", "tenant"],
        unique=True,
        postgresql_where=sa.text("imsi IS NOT NULL"),
        sqlite_where=sa.text("imsi IS NOT NULL"),
    )
    op.create_table(
        "tenants", sa.Column("name", _WORD, nullable=False), sa.PrimaryKeyConstraint("name", name=op.f("pk_tenants"))
    )
    op.create_table(
        "users",
        sa.Column("tenant", _WORD, nullable=False),
        sa.Column("name", _WORD, nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("version", _WORD, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_users_tenants"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_users")),
    )
    op.create_table(
        "user_permissions",
        sa.Column("tenant", _WORD, nullable=False),
        sa.Column("user_name", _WORD, nullable=False),
        sa.Column("permission", _WORD, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "user_name"],
            ["users.tenant", "users.name"],
            name=op.f("fk_user_permissions_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant", "user_name", "permission", name=op.f("pk_user_permissions")),
    )
