"""A change order or deviation begins as a request and binds only with the signatures of all who must approve."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION design_check_signed() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    missing text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'requested' THEN
            RAISE EXCEPTION '% does not begin as %', NEW.number, NEW.state USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    SELECT string_agg(party, ', ') INTO missing FROM unnest(NEW.required) AS must(party)
    WHERE NOT EXISTS (
        SELECT FROM design_approval a JOIN partners_party p ON p.id = a.party_id
        WHERE p.code = must.party AND a.subject = NEW.number AND a.subject_hash = NEW.content_hash
          AND a.decision = 'approved'
          AND a.subject_kind = CASE TG_TABLE_NAME WHEN 'design_changeorder' THEN 'change_order'
                                                   ELSE 'deviation' END
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION '% is not signed by %', NEW.number, missing USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER begins_as_request BEFORE INSERT ON design_changeorder
    FOR EACH ROW EXECUTE FUNCTION design_check_signed();
CREATE TRIGGER begins_as_request BEFORE INSERT ON design_deviation
    FOR EACH ROW EXECUTE FUNCTION design_check_signed();
CREATE TRIGGER is_signed BEFORE UPDATE ON design_changeorder FOR EACH ROW
    WHEN (OLD.state = 'requested' AND NEW.state = 'approved') EXECUTE FUNCTION design_check_signed();
CREATE TRIGGER is_signed BEFORE UPDATE ON design_deviation FOR EACH ROW
    WHEN (OLD.state = 'requested' AND NEW.state = 'approved') EXECUTE FUNCTION design_check_signed();
"""
UNDO = """
DROP TRIGGER is_signed ON design_deviation;
DROP TRIGGER is_signed ON design_changeorder;
DROP TRIGGER begins_as_request ON design_deviation;
DROP TRIGGER begins_as_request ON design_changeorder;
DROP FUNCTION design_check_signed;
"""


class Migration(migrations.Migration):
    """Let the database itself ask for the signatures."""

    dependencies = [("design", "0010_firmware")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
