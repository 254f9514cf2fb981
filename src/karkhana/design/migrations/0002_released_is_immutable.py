"""A released revision cannot change or go, whoever asks."""

from django.db import migrations

FORBID = """
CREATE FUNCTION design_forbid_change_of_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD IS DISTINCT FROM NEW THEN
        RAISE EXCEPTION 'revision % is released and cannot change', OLD.code
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER released_is_immutable BEFORE UPDATE OR DELETE ON design_revision
    FOR EACH ROW WHEN (OLD.package IS NOT NULL) EXECUTE FUNCTION design_forbid_change_of_release();

CREATE FUNCTION design_forbid_change_of_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.revision_id ELSE OLD.revision_id END;
BEGIN
    IF EXISTS (SELECT FROM design_revision WHERE id = changed AND package IS NOT NULL) THEN
        RAISE EXCEPTION 'the bill of material of a released revision cannot change'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER released_is_immutable BEFORE INSERT OR UPDATE OR DELETE ON design_bomline
    FOR EACH ROW EXECUTE FUNCTION design_forbid_change_of_lines();
"""
UNDO = """
DROP TRIGGER released_is_immutable ON design_bomline;
DROP TRIGGER released_is_immutable ON design_revision;
DROP FUNCTION design_forbid_change_of_lines, design_forbid_change_of_release;
"""


class Migration(migrations.Migration):
    """Guard released revisions in the database itself."""

    dependencies = [("design", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, UNDO)]
