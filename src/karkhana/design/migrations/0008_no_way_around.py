"""Ways around the guards of a released revision, closed.

* A row that a package names cannot be swapped for another one: foreign keys are checked at commit only, so a
  product, brand, party or key could be taken away and another put in under its id within one transaction.
* A temporary table of the session cannot stand in for one that a guard looks into.
* A line cannot slip in while its revision is being released.
"""

from django.db import migrations

GUARDS = """
CREATE OR REPLACE FUNCTION design_forbid_change_of_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rest design_revision;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'revision % is released and cannot go', OLD.code USING ERRCODE = 'restrict_violation';
    END IF;
    rest := NEW;
    rest.state := OLD.state;
    IF NEW.state <> OLD.state THEN
        rest.ended_at := OLD.ended_at;
    END IF;
    IF rest IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'revision % is released and cannot change', OLD.code
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state <> OLD.state AND NOT (
        (OLD.state = 'released' AND NEW.state IN ('superseded', 'obsolete'))
        OR (OLD.state = 'superseded' AND NEW.state = 'obsolete')
    ) THEN
        RAISE EXCEPTION 'revision % is % and cannot become %', OLD.code, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION design_check_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    product_code text;
    brand_code text;
    said jsonb;
BEGIN
    IF NEW.package_hash IS DISTINCT FROM encode(sha256(convert_to(NEW.package, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'the hash of revision % does not fit its package', NEW.code
            USING ERRCODE = 'check_violation';
    END IF;
    said := NEW.package::jsonb;
    SELECT p.code, b.code INTO product_code, brand_code
    FROM design_product p JOIN partners_brand b ON b.id = p.brand_id WHERE p.id = NEW.product_id;
    IF said ->> 'product' IS DISTINCT FROM product_code OR said ->> 'revision' IS DISTINCT FROM NEW.code
       OR said ->> 'brand' IS DISTINCT FROM brand_code THEN
        RAISE EXCEPTION 'the package of revision % is for something else', NEW.code
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION design_forbid_change_of_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    revision design_revision;
BEGIN
    FOR revision IN
        SELECT * FROM design_revision
        WHERE id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.revision_id END,
                     CASE WHEN TG_OP <> 'DELETE' THEN NEW.revision_id END)
        ORDER BY id FOR SHARE
    LOOP
        IF revision.package IS NOT NULL THEN
            RAISE EXCEPTION 'the bill of material of a released revision cannot change'
                USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE OR REPLACE FUNCTION design_forbid_change_of_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM design_revision WHERE product_id = OLD.id AND package IS NOT NULL) THEN
        RAISE EXCEPTION 'product % has released revisions; it cannot go, nor its code or brand change', OLD.code
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
DROP TRIGGER released_is_immutable ON design_product;
CREATE TRIGGER released_is_immutable BEFORE UPDATE ON design_product FOR EACH ROW
    WHEN (OLD.id <> NEW.id OR OLD.code <> NEW.code OR OLD.brand_id <> NEW.brand_id)
    EXECUTE FUNCTION design_forbid_change_of_owner();
CREATE TRIGGER released_stays BEFORE DELETE ON design_product FOR EACH ROW
    EXECUTE FUNCTION design_forbid_change_of_owner();

CREATE OR REPLACE FUNCTION design_forbid_change_of_brand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM design_revision r JOIN design_product p ON p.id = r.product_id
        WHERE p.brand_id = OLD.id AND r.package IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'brand % has released revisions; it cannot go, nor its code change', OLD.code
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
DROP TRIGGER released_is_immutable ON partners_brand;
CREATE TRIGGER released_is_immutable BEFORE UPDATE ON partners_brand FOR EACH ROW
    WHEN (OLD.id <> NEW.id OR OLD.code <> NEW.code) EXECUTE FUNCTION design_forbid_change_of_brand();
CREATE TRIGGER released_stays BEFORE DELETE ON partners_brand FOR EACH ROW
    EXECUTE FUNCTION design_forbid_change_of_brand();

-- Who signed stays who signed.
CREATE FUNCTION design_forbid_change_of_signer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM design_approval
        WHERE CASE TG_TABLE_NAME WHEN 'partners_party' THEN party_id ELSE signatory_id END = OLD.id
    ) THEN
        RAISE EXCEPTION '% has signed approvals: % is forbidden', OLD.name, TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER has_signed BEFORE UPDATE ON partners_party FOR EACH ROW
    WHEN (OLD.id <> NEW.id OR OLD.code <> NEW.code) EXECUTE FUNCTION design_forbid_change_of_signer();
CREATE TRIGGER has_signed_stays BEFORE DELETE ON partners_party FOR EACH ROW
    EXECUTE FUNCTION design_forbid_change_of_signer();
CREATE TRIGGER has_signed BEFORE UPDATE ON partners_signatory FOR EACH ROW
    WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION design_forbid_change_of_signer();
CREATE TRIGGER has_signed_stays BEFORE DELETE ON partners_signatory FOR EACH ROW
    EXECUTE FUNCTION design_forbid_change_of_signer();

-- Guards look into the real tables, not into temporary ones of the same name.
ALTER FUNCTION design_forbid_change_of_release SET search_path = public, pg_temp;
ALTER FUNCTION design_check_release SET search_path = public, pg_temp;
ALTER FUNCTION design_forbid_change_of_lines SET search_path = public, pg_temp;
ALTER FUNCTION design_forbid_change_of_owner SET search_path = public, pg_temp;
ALTER FUNCTION design_forbid_change_of_brand SET search_path = public, pg_temp;
ALTER FUNCTION design_forbid_change_of_signer SET search_path = public, pg_temp;
ALTER FUNCTION design_forbid_change SET search_path = public, pg_temp;
ALTER FUNCTION partners_forbid_change_of_key SET search_path = public, pg_temp;
"""
UNDO = """
DROP TRIGGER has_signed_stays ON partners_signatory;
DROP TRIGGER has_signed ON partners_signatory;
DROP TRIGGER has_signed_stays ON partners_party;
DROP TRIGGER has_signed ON partners_party;
DROP FUNCTION design_forbid_change_of_signer;
DROP TRIGGER released_stays ON partners_brand;
DROP TRIGGER released_stays ON design_product;
"""


class Migration(migrations.Migration):
    """Close the ways around the guards."""

    dependencies = [("design", "0007_stages"), ("partners", "0002_agreements")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
