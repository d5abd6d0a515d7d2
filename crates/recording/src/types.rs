//! Names of PostgreSQL's own types, whose OIDs never change: `src/include/catalog/pg_type.dat`.

/// The name of a type, if it is one of those people bind.
pub fn type_name(oid: u32) -> Option<&'static str> {
    NAMES
        .iter()
        .find(|(known, _)| *known == oid)
        .map(|(_, name)| *name)
}

const NAMES: [(u32, &str); 44] = [
    (16, "bool"),
    (17, "bytea"),
    (18, "\"char\""),
    (19, "name"),
    (20, "int8"),
    (21, "int2"),
    (23, "int4"),
    (25, "text"),
    (26, "oid"),
    (114, "json"),
    (142, "xml"),
    (600, "point"),
    (650, "cidr"),
    (700, "float4"),
    (701, "float8"),
    (705, "unknown"),
    (790, "money"),
    (829, "macaddr"),
    (869, "inet"),
    (1000, "bool[]"),
    (1005, "int2[]"),
    (1007, "int4[]"),
    (1009, "text[]"),
    (1015, "varchar[]"),
    (1016, "int8[]"),
    (1022, "float8[]"),
    (1042, "bpchar"),
    (1043, "varchar"),
    (1082, "date"),
    (1083, "time"),
    (1114, "timestamp"),
    (1184, "timestamptz"),
    (1185, "timestamptz[]"),
    (1186, "interval"),
    (1231, "numeric[]"),
    (1266, "timetz"),
    (1560, "bit"),
    (1562, "varbit"),
    (1700, "numeric"),
    (2205, "regclass"),
    (2950, "uuid"),
    (2951, "uuid[]"),
    (3802, "jsonb"),
    (3807, "jsonb[]"),
];
