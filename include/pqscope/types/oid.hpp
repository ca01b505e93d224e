#ifndef PQSCOPE_TYPES_OID_HPP
#define PQSCOPE_TYPES_OID_HPP

#include <string>
#include <string_view>

namespace pqscope {

/// Identifies a type (or another object) within one database; 0 is none.
using oid_t = unsigned int;

/// OIDs of PostgreSQL's built-in types, the same in every database.
/// Source: PostgreSQL's catalog data file `pg_type.dat`.
namespace oid {

inline constexpr oid_t none = 0;  ///< no type: the server infers a parameter's type

/// The first OID that another release may have given to something else: rows of system catalogs
/// and, from 12000 on, what `initdb` makes, such as the domains of `information_schema`. Source:
/// PostgreSQL's `access/transam.h`, "FirstGenbkiObjectId".
inline constexpr oid_t first_unfixed = 10000;

/// The first OID that objects made by users and extensions can have; below are built-in ones.
/// Source: PostgreSQL's `access/transam.h`, "FirstNormalObjectId".
inline constexpr oid_t first_user = 16384;

inline constexpr oid_t boolean = 16;           ///< `boolean`
inline constexpr oid_t bytea = 17;             ///< `bytea`
inline constexpr oid_t char_ = 18;             ///< `"char"`, one byte
inline constexpr oid_t name = 19;              ///< `name`, identifiers in catalogs
inline constexpr oid_t int8 = 20;              ///< `bigint`
inline constexpr oid_t int2 = 21;              ///< `smallint`
inline constexpr oid_t int4 = 23;              ///< `integer`
inline constexpr oid_t text = 25;              ///< `text`
inline constexpr oid_t oid = 26;               ///< `oid`
inline constexpr oid_t tid = 27;               ///< `tid`, a row's place in its table
inline constexpr oid_t xid = 28;               ///< `xid`, 32-bit transaction id
inline constexpr oid_t cid = 29;               ///< `cid`, command within a transaction
inline constexpr oid_t json = 114;             ///< `json`
inline constexpr oid_t xml = 142;              ///< `xml`
inline constexpr oid_t point = 600;            ///< `point`
inline constexpr oid_t box = 603;              ///< `box`
inline constexpr oid_t cidr = 650;             ///< `cidr`
inline constexpr oid_t float4 = 700;           ///< `real`
inline constexpr oid_t float8 = 701;           ///< `double precision`
inline constexpr oid_t unknown = 705;          ///< a literal whose type was never resolved
inline constexpr oid_t macaddr8 = 774;         ///< `macaddr8`
inline constexpr oid_t money = 790;            ///< `money`
inline constexpr oid_t macaddr = 829;          ///< `macaddr`
inline constexpr oid_t inet = 869;             ///< `inet`
inline constexpr oid_t bpchar = 1042;          ///< `character(n)`
inline constexpr oid_t varchar = 1043;         ///< `character varying(n)`
inline constexpr oid_t date = 1082;            ///< `date`
inline constexpr oid_t time = 1083;            ///< `time without time zone`
inline constexpr oid_t timestamp = 1114;       ///< `timestamp without time zone`
inline constexpr oid_t timestamptz = 1184;     ///< `timestamp with time zone`
inline constexpr oid_t interval = 1186;        ///< `interval`
inline constexpr oid_t timetz = 1266;          ///< `time with time zone`
inline constexpr oid_t bit = 1560;             ///< `bit(n)`
inline constexpr oid_t varbit = 1562;          ///< `bit varying(n)`
inline constexpr oid_t numeric = 1700;         ///< `numeric`
inline constexpr oid_t refcursor = 1790;       ///< `refcursor`, a cursor's name
inline constexpr oid_t regproc = 24;           ///< `regproc`
inline constexpr oid_t regclass = 2205;        ///< `regclass`
inline constexpr oid_t regtype = 2206;         ///< `regtype`
inline constexpr oid_t record = 2249;          ///< an anonymous row
inline constexpr oid_t void_ = 2278;           ///< what a procedure-like function returns
inline constexpr oid_t uuid = 2950;            ///< `uuid`
inline constexpr oid_t pg_lsn = 3220;          ///< `pg_lsn`, a place in the write-ahead log
inline constexpr oid_t tsvector = 3614;        ///< `tsvector`
inline constexpr oid_t tsquery = 3615;         ///< `tsquery`
inline constexpr oid_t jsonb = 3802;           ///< `jsonb`
inline constexpr oid_t int4range = 3904;       ///< `int4range`
inline constexpr oid_t numrange = 3906;        ///< `numrange`
inline constexpr oid_t tsrange = 3908;         ///< `tsrange`
inline constexpr oid_t tstzrange = 3910;       ///< `tstzrange`
inline constexpr oid_t daterange = 3912;       ///< `daterange`
inline constexpr oid_t int8range = 3926;       ///< `int8range`
inline constexpr oid_t jsonpath = 4072;        ///< `jsonpath`
inline constexpr oid_t int4multirange = 4451;  ///< `int4multirange`
inline constexpr oid_t nummultirange = 4532;   ///< `nummultirange`
inline constexpr oid_t tsmultirange = 4533;    ///< `tsmultirange`
inline constexpr oid_t tstzmultirange = 4534;  ///< `tstzmultirange`
inline constexpr oid_t datemultirange = 4535;  ///< `datemultirange`
inline constexpr oid_t int8multirange = 4536;  ///< `int8multirange`
inline constexpr oid_t xid8 = 5069;            ///< `xid8`, 64-bit transaction id

inline constexpr oid_t boolean_array = 1000;         ///< `boolean[]`
inline constexpr oid_t bytea_array = 1001;           ///< `bytea[]`
inline constexpr oid_t char_array = 1002;            ///< `"char"[]`
inline constexpr oid_t name_array = 1003;            ///< `name[]`
inline constexpr oid_t int8_array = 1016;            ///< `bigint[]`
inline constexpr oid_t int2_array = 1005;            ///< `smallint[]`
inline constexpr oid_t int4_array = 1007;            ///< `integer[]`
inline constexpr oid_t text_array = 1009;            ///< `text[]`
inline constexpr oid_t oid_array = 1028;             ///< `oid[]`
inline constexpr oid_t tid_array = 1010;             ///< `tid[]`
inline constexpr oid_t xid_array = 1011;             ///< `xid[]`
inline constexpr oid_t cid_array = 1012;             ///< `cid[]`
inline constexpr oid_t json_array = 199;             ///< `json[]`
inline constexpr oid_t xml_array = 143;              ///< `xml[]`
inline constexpr oid_t point_array = 1017;           ///< `point[]`
inline constexpr oid_t box_array = 1020;             ///< `box[]`, whose text form separates by `;`
inline constexpr oid_t cidr_array = 651;             ///< `cidr[]`
inline constexpr oid_t float4_array = 1021;          ///< `real[]`
inline constexpr oid_t float8_array = 1022;          ///< `double precision[]`
inline constexpr oid_t macaddr8_array = 775;         ///< `macaddr8[]`
inline constexpr oid_t money_array = 791;            ///< `money[]`
inline constexpr oid_t macaddr_array = 1040;         ///< `macaddr[]`
inline constexpr oid_t inet_array = 1041;            ///< `inet[]`
inline constexpr oid_t bpchar_array = 1014;          ///< `character(n)[]`
inline constexpr oid_t varchar_array = 1015;         ///< `character varying(n)[]`
inline constexpr oid_t date_array = 1182;            ///< `date[]`
inline constexpr oid_t time_array = 1183;            ///< `time without time zone[]`
inline constexpr oid_t timestamp_array = 1115;       ///< `timestamp without time zone[]`
inline constexpr oid_t timestamptz_array = 1185;     ///< `timestamp with time zone[]`
inline constexpr oid_t interval_array = 1187;        ///< `interval[]`
inline constexpr oid_t timetz_array = 1270;          ///< `time with time zone[]`
inline constexpr oid_t bit_array = 1561;             ///< `bit(n)[]`
inline constexpr oid_t varbit_array = 1563;          ///< `bit varying(n)[]`
inline constexpr oid_t numeric_array = 1231;         ///< `numeric[]`
inline constexpr oid_t refcursor_array = 2201;       ///< `refcursor[]`
inline constexpr oid_t regproc_array = 1008;         ///< `regproc[]`
inline constexpr oid_t regclass_array = 2210;        ///< `regclass[]`
inline constexpr oid_t regtype_array = 2211;         ///< `regtype[]`
inline constexpr oid_t record_array = 2287;          ///< an array of anonymous rows
inline constexpr oid_t uuid_array = 2951;            ///< `uuid[]`
inline constexpr oid_t pg_lsn_array = 3221;          ///< `pg_lsn[]`
inline constexpr oid_t tsvector_array = 3643;        ///< `tsvector[]`
inline constexpr oid_t tsquery_array = 3645;         ///< `tsquery[]`
inline constexpr oid_t jsonb_array = 3807;           ///< `jsonb[]`
inline constexpr oid_t int4range_array = 3905;       ///< `int4range[]`
inline constexpr oid_t numrange_array = 3907;        ///< `numrange[]`
inline constexpr oid_t tsrange_array = 3909;         ///< `tsrange[]`
inline constexpr oid_t tstzrange_array = 3911;       ///< `tstzrange[]`
inline constexpr oid_t daterange_array = 3913;       ///< `daterange[]`
inline constexpr oid_t int8range_array = 3927;       ///< `int8range[]`
inline constexpr oid_t jsonpath_array = 4073;        ///< `jsonpath[]`
inline constexpr oid_t int4multirange_array = 6150;  ///< `int4multirange[]`
inline constexpr oid_t nummultirange_array = 6151;   ///< `nummultirange[]`
inline constexpr oid_t tsmultirange_array = 6152;    ///< `tsmultirange[]`
inline constexpr oid_t tstzmultirange_array = 6153;  ///< `tstzmultirange[]`
inline constexpr oid_t datemultirange_array = 6155;  ///< `datemultirange[]`
inline constexpr oid_t int8multirange_array = 6157;  ///< `int8multirange[]`
inline constexpr oid_t xid8_array = 271;             ///< `xid8[]`

}  // namespace oid

namespace detail {

struct builtin_type {
  oid_t type;
  oid_t array_type;
  std::string_view name;
};

inline constexpr builtin_type builtin_types[] = {
    {oid::boolean, oid::boolean_array, "boolean"},
    {oid::bytea, oid::bytea_array, "bytea"},
    {oid::char_, oid::char_array, "\"char\""},
    {oid::name, oid::name_array, "name"},
    {oid::int8, oid::int8_array, "bigint"},
    {oid::int2, oid::int2_array, "smallint"},
    {oid::int4, oid::int4_array, "integer"},
    {oid::text, oid::text_array, "text"},
    {oid::oid, oid::oid_array, "oid"},
    {oid::tid, oid::tid_array, "tid"},
    {oid::xid, oid::xid_array, "xid"},
    {oid::cid, oid::cid_array, "cid"},
    {oid::json, oid::json_array, "json"},
    {oid::xml, oid::xml_array, "xml"},
    {oid::point, oid::point_array, "point"},
    {oid::box, oid::box_array, "box"},
    {oid::cidr, oid::cidr_array, "cidr"},
    {oid::float4, oid::float4_array, "real"},
    {oid::float8, oid::float8_array, "double precision"},
    {oid::unknown, oid::none, "unknown"},
    {oid::macaddr8, oid::macaddr8_array, "macaddr8"},
    {oid::money, oid::money_array, "money"},
    {oid::macaddr, oid::macaddr_array, "macaddr"},
    {oid::inet, oid::inet_array, "inet"},
    {oid::bpchar, oid::bpchar_array, "character"},
    {oid::varchar, oid::varchar_array, "character varying"},
    {oid::date, oid::date_array, "date"},
    {oid::time, oid::time_array, "time without time zone"},
    {oid::timestamp, oid::timestamp_array, "timestamp without time zone"},
    {oid::timestamptz, oid::timestamptz_array, "timestamp with time zone"},
    {oid::interval, oid::interval_array, "interval"},
    {oid::timetz, oid::timetz_array, "time with time zone"},
    {oid::bit, oid::bit_array, "bit"},
    {oid::varbit, oid::varbit_array, "bit varying"},
    {oid::numeric, oid::numeric_array, "numeric"},
    {oid::refcursor, oid::refcursor_array, "refcursor"},
    {oid::regproc, oid::regproc_array, "regproc"},
    {oid::regclass, oid::regclass_array, "regclass"},
    {oid::regtype, oid::regtype_array, "regtype"},
    {oid::record, oid::record_array, "record"},
    {oid::void_, oid::none, "void"},
    {oid::uuid, oid::uuid_array, "uuid"},
    {oid::pg_lsn, oid::pg_lsn_array, "pg_lsn"},
    {oid::tsvector, oid::tsvector_array, "tsvector"},
    {oid::tsquery, oid::tsquery_array, "tsquery"},
    {oid::jsonb, oid::jsonb_array, "jsonb"},
    {oid::int4range, oid::int4range_array, "int4range"},
    {oid::numrange, oid::numrange_array, "numrange"},
    {oid::tsrange, oid::tsrange_array, "tsrange"},
    {oid::tstzrange, oid::tstzrange_array, "tstzrange"},
    {oid::daterange, oid::daterange_array, "daterange"},
    {oid::int8range, oid::int8range_array, "int8range"},
    {oid::jsonpath, oid::jsonpath_array, "jsonpath"},
    {oid::int4multirange, oid::int4multirange_array, "int4multirange"},
    {oid::nummultirange, oid::nummultirange_array, "nummultirange"},
    {oid::tsmultirange, oid::tsmultirange_array, "tsmultirange"},
    {oid::tstzmultirange, oid::tstzmultirange_array, "tstzmultirange"},
    {oid::datemultirange, oid::datemultirange_array, "datemultirange"},
    {oid::int8multirange, oid::int8multirange_array, "int8multirange"},
    {oid::xid8, oid::xid8_array, "xid8"},
};

}  // namespace detail

/// The type of a built-in array type's elements; 0 for a type that is not one.
constexpr oid_t element_type(oid_t array_type) noexcept {
  if (array_type == oid::none) {
    return oid::none;
  }
  for (auto const& known : detail::builtin_types) {
    if (known.array_type == array_type) {
      return known.type;
    }
  }
  return oid::none;
}

/// The SQL name of a built-in type as PostgreSQL's own messages have it, such as `bigint` or
/// `text[]`; "type with OID n" for any other.
inline std::string type_name(oid_t type) {
  for (auto const& known : detail::builtin_types) {
    if (known.type == type) {
      return std::string(known.name);
    }
    if (known.array_type == type && type != oid::none) {
      return std::string(known.name) + "[]";
    }
  }
  return "type with OID " + std::to_string(type);
}

}  // namespace pqscope

#endif
