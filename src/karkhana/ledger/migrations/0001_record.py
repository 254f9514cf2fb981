"""The record and its projections, as set-based SQL tables: no row of these goes through the ORM.

``ledger_event`` is the record: append only, partitioned by the month in which the event was recorded.
Every other table here is a projection of it, dropped and rebuilt by ``ledger.rebuild``, except
``ledger_receipt``, which is the index of event ids over all months.
"""

from django.db import migrations

RECORD = """
CREATE SEQUENCE ledger_event_seq;

-- A block of places at once. The lock is held for the draw alone, not until commit: places are unique
-- and ascending per unit, not gapless, and may become visible out of order.
CREATE FUNCTION ledger_allocate(count bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first bigint;
BEGIN
    PERFORM pg_advisory_lock(hashtext('ledger_allocate'));
    first := nextval('ledger_event_seq');
    PERFORM setval('ledger_event_seq', first + greatest(count, 1) - 1);
    PERFORM pg_advisory_unlock(hashtext('ledger_allocate'));
    RETURN first;
END $$;

CREATE TABLE ledger_event (
    seq         bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    happened_at timestamptz NOT NULL,
    began_at    timestamptz,
    id          uuid        NOT NULL,
    type        text        NOT NULL,
    plant       text        NOT NULL,
    station     text        NOT NULL,
    actor       text,
    subject     text,
    step        smallint,
    refusal     text,
    detail      text,
    body        text        NOT NULL,
    PRIMARY KEY (seq, recorded_at)
) PARTITION BY RANGE (recorded_at);
COMMENT ON COLUMN ledger_event.began_at IS 'start of the window in which a result was produced; null elsewhere';
COMMENT ON COLUMN ledger_event.step IS 'the step that a result speaks of; null elsewhere';
COMMENT ON COLUMN ledger_event.refusal IS 'null when accepted, else the code of the refusal';
COMMENT ON COLUMN ledger_event.body IS 'canonical JSON of the event as its producer sent it';
CREATE INDEX ledger_event_subject ON ledger_event (subject);
CREATE INDEX ledger_event_station ON ledger_event (station, happened_at) WHERE refusal IS NULL;
CREATE INDEX ledger_event_refused ON ledger_event (station, happened_at) WHERE refusal IS NOT NULL;

-- From a sequence: a version that was rolled back is never given again, so no cache can mistake it.
CREATE SEQUENCE ledger_reference_seq START 2;
CREATE TABLE ledger_reference (version bigint NOT NULL);
INSERT INTO ledger_reference VALUES (1);
COMMENT ON TABLE ledger_reference IS 'counts changes of plants, releases, people: tells caches when to read again';
CREATE FUNCTION ledger_bump_reference() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_reference SET version = nextval('ledger_reference_seq');
    RETURN NULL;
END $$;

CREATE TABLE ledger_receipt (
    id  uuid   PRIMARY KEY,
    seq bigint NOT NULL
);

CREATE FUNCTION ledger_forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record is append only: % on % is forbidden', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER ledger_event_append_only BEFORE UPDATE OR DELETE ON ledger_event
    FOR EACH ROW EXECUTE FUNCTION ledger_forbid_change();
CREATE TRIGGER ledger_event_no_truncate BEFORE TRUNCATE ON ledger_event
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_change();
CREATE TRIGGER ledger_receipt_append_only BEFORE UPDATE OR DELETE ON ledger_receipt
    FOR EACH ROW EXECUTE FUNCTION ledger_forbid_change();
CREATE TRIGGER ledger_receipt_no_truncate BEFORE TRUNCATE ON ledger_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_change();

-- The application's role owns nothing; it asks for a month's partition through this door.
CREATE FUNCTION ledger_make_partition(month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first_day date := date_trunc('month', month)::date;
    name text := 'ledger_event_' || to_char(first_day, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ledger_make_partition'));
    IF to_regclass(name) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format(
        'CREATE TABLE %I PARTITION OF ledger_event FOR VALUES FROM (%L) TO (%L)',
        name,
        first_day::timestamp AT TIME ZONE 'UTC',
        (first_day + interval '1 month')::timestamp AT TIME ZONE 'UTC'
    );
    EXECUTE format(
        'CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT'
        ' EXECUTE FUNCTION ledger_forbid_change()', name
    );
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'karkhana_app') THEN
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM karkhana_app', name);
    END IF;
END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'karkhana_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON ledger_event, ledger_receipt FROM karkhana_app;
    END IF;
END $$;
"""

PROJECTIONS = """
CREATE TABLE ledger_unit (
    serial        text PRIMARY KEY,
    kind          text NOT NULL,
    product       text,
    revision      text,
    brand         text,
    work_order    text,
    state         text NOT NULL,
    next_step     smallint NOT NULL,
    station       text,
    arrived_at    timestamptz,
    moved_at      timestamptz NOT NULL,
    holds         smallint NOT NULL,
    repairs       smallint NOT NULL,
    failed_steps  smallint[] NOT NULL,
    bound         text[] NOT NULL,
    firmware      text[] NOT NULL,
    positions     smallint NOT NULL,
    failed_mask   bigint NOT NULL,
    scrapped_mask bigint NOT NULL,
    parent        text,
    level         text,
    created_at    timestamptz NOT NULL,
    completed_at  timestamptz,
    CHECK (kind IN ('unit', 'panel', 'container')),
    CHECK (state IN ('in_process', 'failed', 'complete', 'packed', 'shipped',
                     'installed', 'consumed', 'scrapped', 'open')),
    CHECK (holds >= 0 AND repairs >= 0)
) WITH (fillfactor = 60);
COMMENT ON TABLE ledger_unit IS 'where every unit, panel and container is now';
COMMENT ON COLUMN ledger_unit.parent IS 'what it physically is in: a unit it is installed in, or a container';
CREATE INDEX ledger_unit_parent ON ledger_unit (parent) WHERE parent IS NOT NULL;
CREATE INDEX ledger_unit_wip ON ledger_unit (product) WHERE state IN ('in_process', 'failed');

CREATE TABLE ledger_edge (
    parent        text NOT NULL,
    role          text NOT NULL,
    part          text NOT NULL,
    child         text,
    lot           text,
    own           boolean NOT NULL,
    installed_at  timestamptz NOT NULL,
    installed_seq bigint NOT NULL,
    removed_at    timestamptz,
    removed_seq   bigint,
    PRIMARY KEY (parent, role, installed_seq)
);
COMMENT ON COLUMN ledger_edge.own IS 'the child is a unit built here; otherwise a bought part';
CREATE UNIQUE INDEX ledger_edge_child_once ON ledger_edge (child, part)
    WHERE removed_at IS NULL AND child IS NOT NULL;
CREATE INDEX ledger_edge_child ON ledger_edge (child) WHERE child IS NOT NULL AND removed_at IS NOT NULL;
CREATE INDEX ledger_edge_lot ON ledger_edge (lot) WHERE lot IS NOT NULL;

CREATE TABLE ledger_containment (
    child       text NOT NULL,
    parent      text NOT NULL,
    added_at    timestamptz NOT NULL,
    added_seq   bigint NOT NULL,
    removed_at  timestamptz,
    removed_seq bigint,
    PRIMARY KEY (child, added_seq)
);
COMMENT ON TABLE ledger_containment IS 'what was in which container, from and until';

CREATE TABLE ledger_lot (
    lot          text PRIMARY KEY,
    part         text NOT NULL,
    quantity     numeric,
    supplier     text,
    origin       text,
    supplier_lot text,
    received_at  timestamptz NOT NULL,
    station      text NOT NULL
);

CREATE TABLE ledger_mount (
    loaded_seq   bigint PRIMARY KEY,
    station      text NOT NULL,
    location     text NOT NULL,
    lot          text NOT NULL,
    part         text NOT NULL,
    loaded_at    timestamptz NOT NULL,
    unloaded_at  timestamptz,
    unloaded_seq bigint
);
CREATE INDEX ledger_mount_lot ON ledger_mount (lot);
CREATE INDEX ledger_mount_station ON ledger_mount (station, loaded_at);
CREATE INDEX ledger_mount_open ON ledger_mount (station) WHERE unloaded_at IS NULL;

CREATE TABLE ledger_setup (
    station   text PRIMARY KEY,
    version   bigint NOT NULL,
    window_us bigint NOT NULL
);
COMMENT ON COLUMN ledger_setup.version IS 'seq of the last event that changed what the station may consume';
COMMENT ON COLUMN ledger_setup.window_us IS 'longest window of any result at the station: bounds recall scans';

CREATE TABLE ledger_descent (
    seq         bigint NOT NULL,
    input       text NOT NULL,
    input_kind  text NOT NULL,
    output      text NOT NULL,
    output_kind text NOT NULL,
    position    smallint,
    at          timestamptz NOT NULL
);
COMMENT ON TABLE ledger_descent IS 'transformations: input became output; kind is unit or lot';
CREATE INDEX ledger_descent_input ON ledger_descent (input);
CREATE INDEX ledger_descent_output ON ledger_descent (output);

CREATE TABLE ledger_identity (
    space       text NOT NULL,
    value       text NOT NULL,
    kind        text NOT NULL,
    unit        text NOT NULL,
    assigned_at timestamptz NOT NULL,
    burnt_at    timestamptz,
    PRIMARY KEY (space, value)
);
CREATE INDEX ledger_identity_unit ON ledger_identity (unit);
CREATE INDEX ledger_identity_value ON ledger_identity (value);

CREATE TABLE ledger_hold (
    hold           text PRIMARY KEY,
    scope          text NOT NULL,
    target         text NOT NULL,
    reason         text NOT NULL,
    placed_at      timestamptz NOT NULL,
    released_at    timestamptz,
    release_reason text
);
CREATE INDEX ledger_hold_open ON ledger_hold (target) WHERE released_at IS NULL;
CREATE TABLE ledger_hold_member (
    hold   text NOT NULL,
    serial text NOT NULL,
    PRIMARY KEY (hold, serial)
);

CREATE TABLE ledger_shipment (
    shipment   text PRIMARY KEY,
    consignee  text NOT NULL,
    reference  text NOT NULL,
    shipped_at timestamptz NOT NULL,
    station    text NOT NULL
);
CREATE TABLE ledger_shipment_item (
    item     text PRIMARY KEY,
    shipment text NOT NULL
);
CREATE INDEX ledger_shipment_item_shipment ON ledger_shipment_item (shipment);

CREATE TABLE ledger_tally (
    station      text NOT NULL,
    hour         timestamptz NOT NULL,
    product      text NOT NULL,
    passed       integer NOT NULL,
    failed       integer NOT NULL,
    first_passed integer NOT NULL,
    first_failed integer NOT NULL,
    scrapped     integer NOT NULL,
    completed    integer NOT NULL,
    shipped      integer NOT NULL,
    PRIMARY KEY (station, hour, product)
) WITH (fillfactor = 60);
COMMENT ON TABLE ledger_tally IS 'counts per station and hour of the plant''s clock, boards counted singly';
CREATE INDEX ledger_tally_hour ON ledger_tally (hour);

CREATE TABLE ledger_refusal_tally (
    station text NOT NULL,
    hour    timestamptz NOT NULL,
    code    text NOT NULL,
    refused integer NOT NULL,
    PRIMARY KEY (station, hour, code)
) WITH (fillfactor = 60);
"""

TABLES = (
    "ledger_event, ledger_receipt, ledger_unit, ledger_edge, ledger_containment, ledger_lot, ledger_mount, ledger_setup,"
    " ledger_descent, ledger_identity, ledger_hold, ledger_hold_member, ledger_shipment,"
    " ledger_shipment_item, ledger_tally, ledger_refusal_tally"
)


class Migration(migrations.Migration):
    """Create the record, its guards and its projections."""

    initial = True
    operations = [
        migrations.RunSQL(
            RECORD,
            f"DROP TABLE IF EXISTS {TABLES.split(', ledger_unit')[0]};"
            "DROP TABLE ledger_reference; DROP SEQUENCE ledger_event_seq, ledger_reference_seq; DROP FUNCTION"
            " ledger_allocate, ledger_make_partition, ledger_forbid_change, ledger_bump_reference;",
        ),
        migrations.RunSQL(PROJECTIONS, f"DROP TABLE ledger_unit{TABLES.split(', ledger_unit')[1]};"),
    ]
