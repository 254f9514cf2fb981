"""What nobody may do to a released revision, to what stands behind it, or to a signed approval."""

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
    rest.ended_at := OLD.ended_at;
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
CREATE TRIGGER released_is_immutable BEFORE UPDATE OR DELETE ON design_revision
    FOR EACH ROW WHEN (OLD.package IS NOT NULL) EXECUTE FUNCTION design_forbid_change_of_release();

-- What is released is what its hash says, under its own name.
CREATE FUNCTION design_check_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner text;
    said jsonb;
BEGIN
    IF NEW.package_hash IS DISTINCT FROM encode(sha256(convert_to(NEW.package, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'the hash of revision % does not fit its package', NEW.code
            USING ERRCODE = 'check_violation';
    END IF;
    said := NEW.package::jsonb;
    SELECT code INTO owner FROM design_product WHERE id = NEW.product_id;
    IF said ->> 'product' IS DISTINCT FROM owner OR said ->> 'revision' IS DISTINCT FROM NEW.code THEN
        RAISE EXCEPTION 'the package of revision % is for something else', NEW.code
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER then_fits_its_hash BEFORE INSERT OR UPDATE OF package, package_hash ON design_revision
    FOR EACH ROW WHEN (NEW.package IS NOT NULL) EXECUTE FUNCTION design_check_release();

CREATE OR REPLACE FUNCTION design_forbid_change_of_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM design_revision
        WHERE package IS NOT NULL
          AND id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.revision_id END,
                     CASE WHEN TG_OP <> 'DELETE' THEN NEW.revision_id END)
    ) THEN
        RAISE EXCEPTION 'the bill of material of a released revision cannot change'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- The package names its product and brand, so their codes cannot move away under it.
CREATE FUNCTION design_forbid_change_of_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM design_revision WHERE product_id = OLD.id AND package IS NOT NULL) THEN
        RAISE EXCEPTION 'product % has released revisions; its code and brand cannot change', OLD.code
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER released_is_immutable BEFORE UPDATE OF code, brand_id ON design_product FOR EACH ROW
    WHEN (OLD.code IS DISTINCT FROM NEW.code OR OLD.brand_id IS DISTINCT FROM NEW.brand_id)
    EXECUTE FUNCTION design_forbid_change_of_owner();
CREATE FUNCTION design_forbid_change_of_brand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM design_revision r JOIN design_product p ON p.id = r.product_id
        WHERE p.brand_id = OLD.id AND r.package IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'brand % has released revisions; its code cannot change', OLD.code
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER released_is_immutable BEFORE UPDATE OF code ON partners_brand FOR EACH ROW
    WHEN (OLD.code IS DISTINCT FROM NEW.code) EXECUTE FUNCTION design_forbid_change_of_brand();

-- Signed records and the files they speak of are written once.
CREATE FUNCTION design_forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is written once: % is forbidden', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON design_approval
    FOR EACH ROW EXECUTE FUNCTION design_forbid_change();
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON design_storedfile
    FOR EACH ROW EXECUTE FUNCTION design_forbid_change();
ALTER TABLE design_storedfile ADD CONSTRAINT stored_file_fits_its_name
    CHECK (sha256 = encode(sha256(content), 'hex') AND size = octet_length(content));

-- A key belongs to one person for ever; all that can happen to it is that it is revoked.
CREATE FUNCTION partners_forbid_change_of_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.party_id <> OLD.party_id OR NEW.user_id IS DISTINCT FROM OLD.user_id
       OR NEW.public_key <> OLD.public_key OR NEW.enrolled_at <> OLD.enrolled_at
       OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
        RAISE EXCEPTION 'the key of % cannot change', OLD.name USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER key_is_personal BEFORE UPDATE ON partners_signatory
    FOR EACH ROW EXECUTE FUNCTION partners_forbid_change_of_key();
"""
UNDO = """
DROP TRIGGER key_is_personal ON partners_signatory;
ALTER TABLE design_storedfile DROP CONSTRAINT stored_file_fits_its_name;
DROP TRIGGER written_once ON design_storedfile;
DROP TRIGGER written_once ON design_approval;
DROP TRIGGER released_is_immutable ON partners_brand;
DROP TRIGGER released_is_immutable ON design_product;
DROP TRIGGER then_fits_its_hash ON design_revision;
DROP TRIGGER released_is_immutable ON design_revision;
DROP FUNCTION partners_forbid_change_of_key, design_forbid_change, design_forbid_change_of_brand,
    design_forbid_change_of_owner, design_check_release;
"""


class Migration(migrations.Migration):
    """Guard released revisions, approvals, keys and files in the database itself."""

    dependencies = [("design", "0003_hub"), ("partners", "0002_agreements")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
