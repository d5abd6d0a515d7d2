//! Sequences.

use super::Relation;
use crate::describe::Inquiry;

pub(super) fn describe(inquiry: &mut Inquiry, relation: &Relation) {
    let oid = &relation.oid;
    let title = relation.title();
    let values = format!(
        "SELECT pg_catalog.format_type(s.seqtypid, NULL) AS \"Type\",\n\
         s.seqstart AS \"Start\", s.seqmin AS \"Minimum\", s.seqmax AS \"Maximum\",\n\
         s.seqincrement AS \"Increment\",\n\
         CASE WHEN s.seqcycle THEN 'yes' ELSE 'no' END AS \"Cycles?\", s.seqcache AS \"Cache\"\n\
         FROM pg_catalog.pg_sequence AS s\n\
         WHERE s.seqrelid = {oid}"
    );
    inquiry.ask(values, move |inquiry, answer| {
        inquiry.sheet = answer.titled(&title);
        inquiry.sheet.footers = Some(Vec::new());
    });
    let owner = format!(
        "SELECT d.deptype, pg_catalog.format('%I.%I.%I', n.nspname, c.relname, a.attname)\n\
         FROM pg_catalog.pg_depend AS d\n\
         JOIN pg_catalog.pg_class AS c ON c.oid = d.refobjid\n\
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n\
         JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid\n\
         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass\n\
         AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass\n\
         AND d.objid = {oid} AND d.deptype IN ('a', 'i')"
    );
    inquiry.ask(owner, |inquiry, answer| {
        for row in answer.texts().take(1) {
            let what = match row.text(0).as_str() {
                "a" => "Owned by",
                _ => "Sequence for identity column",
            };
            inquiry.footer(format!("{what}: {}", row.text(1)));
        }
    });
}
