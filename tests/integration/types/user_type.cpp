#include "round_trip.hpp"

#include <charconv>

using namespace round_trips;

namespace {

struct log_position {
  std::uint64_t value = 0;
  friend bool operator==(log_position, log_position) = default;
};

struct move_only {
  explicit move_only(int from) : value(std::make_unique<int>(from)) {}
  std::unique_ptr<int> value;
};

}  // namespace

// As docs/pages/adding_a_type.md shows it.
template <>
struct pqscope::codec<log_position> {
  static constexpr oid_t type = oid::pg_lsn;
  static constexpr oid_t array_type = oid::pg_lsn_array;
  static constexpr oid_t parameter_type = type;
  static constexpr bool text_parameter = false;
  static constexpr std::string_view name = "pg_lsn";
  static constexpr bool accepts(oid_t column) noexcept { return column == type; }
  static void encode(log_position position, encoder& out) {
    out.put_int64(static_cast<std::int64_t>(position.value));
  }
  static log_position decode(wire_value value) {
    if (value.size != 8) {
      throw_malformed(name);
    }
    return {static_cast<std::uint64_t>(read_int64(value.data))};
  }
  static log_position parse(std::string_view text) {
    std::uint32_t high = 0;
    std::uint32_t low = 0;
    char const* const end = text.data() + text.size();
    auto const [slash, fault] = std::from_chars(text.data(), end, high, 16);
    if (fault != std::errc{} || slash == end || *slash != '/') {
      throw_malformed(name);
    }
    std::from_chars(slash + 1, end, low, 16);
    return {std::uint64_t{high} << 32U | low};
  }
};

template <>
struct pqscope::codec<move_only> : pqscope::codec<int> {
  static move_only decode(wire_value value) { return move_only(codec<int>::decode(value)); }
  static move_only parse(std::string_view text) { return move_only(codec<int>::parse(text)); }
};

namespace {

struct remark {
  std::string text;
  friend bool operator==(remark const&, remark const&) = default;
};

}  // namespace

template <>
struct pqscope::codec<remark> : pqscope::codec<std::string> {
  static constexpr oid_t type = oid::none;
  static constexpr oid_t array_type = oid::none;
  static constexpr char delimiter = ';';
  static void encode(remark const& value, encoder& out) { out.append(value.text); }
  static char const* borrow(remark const& value) noexcept { return value.text.c_str(); }
  static remark decode(wire_value value) { return {codec<std::string>::decode(value)}; }
  static remark parse(std::string_view text) { return {std::string(text)}; }
};

TEST_CASE("the text of arrays has the delimiter that a codec names") {
  pqscope::connection db{support::test_config()};
  db.execute("SET search_path = pg_temp");
  db.execute_script(pqscope::dynamic_sql{R"(
    CREATE TYPE remark;
    CREATE FUNCTION in_(cstring) RETURNS remark LANGUAGE internal IMMUTABLE STRICT AS 'textin';
    CREATE FUNCTION out_(remark) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
    CREATE FUNCTION recv_(internal) RETURNS remark LANGUAGE internal IMMUTABLE STRICT AS 'textrecv';
    CREATE FUNCTION send_(remark) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'textsend';
    CREATE TYPE remark (
      INPUT = pg_temp.in_, OUTPUT = pg_temp.out_, RECEIVE = pg_temp.recv_, SEND = pg_temp.send_,
      LIKE = text, DELIMITER = ';');
    CREATE TYPE noted AS (id int, remarks remark[]))"});
  std::vector<std::optional<remark>> const remarks{{{"a,b"}},     std::nullopt, {{""}},
                                                   {{"c;d\"\\"}}, {{"NULL"}},   {{"e"}}};
  std::vector<std::vector<remark>> const grid{{{"a,b"}, {"c"}}, {{"d;e"}, {""}}};
  reads_as(db, "SELECT $1::remark[]", remarks, remarks);
  reads_as(db, "SELECT $1::remark[]", grid, grid);
  reads_as(db, "SELECT $1::remark[]", remarks, pqscope::inferred{remarks});
  pqscope::composite<std::tuple<int, std::vector<std::optional<remark>>>> const noted{{7, remarks}};
  reads_as(db, "SELECT $1::noted", noted, noted);
  reads_as(db, "SELECT '{a,b}'::text[]", std::vector<remark>{{"a"}, {"b"}});
  support::ensure_usable(db);
}

TEST_CASE("a type added by a user round-trips like one that comes along") {
  pqscope::connection db{support::test_config()};
  round_trip(db, "pg_lsn", log_position{}, "0/0");
  round_trip(db, "pg_lsn", log_position{0x16'b374d848}, "16/B374D848");
  round_trip(db, "pg_lsn", log_position{~std::uint64_t{0}}, "FFFFFFFF/FFFFFFFF");
  null_round_trip<log_position>(db, "pg_lsn");
  array_round_trip<log_position>(db, "pg_lsn", {{0}, {1}, {~std::uint64_t{0}}});
  refused<log_position, pqscope::type_mismatch>(db, "1");
  support::ensure_usable(db);
}

TEST_CASE("a type added by a user is a column of structs and tuples") {
  pqscope::connection db{support::test_config()};
  struct checkpoint {
    std::string name;
    log_position at;
    std::optional<log_position> before;
  };
  auto const row =
      db.query<checkpoint>("SELECT '1/2'::pg_lsn AS at, 'x' AS name, NULL::pg_lsn AS before").one();
  CHECK(row.at == log_position{0x1'00000002});
  CHECK_FALSE(row.before);
  support::ensure_usable(db);
}

TEST_CASE("a type that can only be moved is read all the same") {
  pqscope::connection db{support::test_config()};
  struct holder {
    move_only number;
    std::string name;
  };
  auto const sql =
      pqscope::dynamic_sql{"SELECT i AS number, 'n' AS name FROM generate_series(1, 3) i"};
  auto const rows = db.query<holder>(sql);
  auto const all = rows.all();
  REQUIRE(all.size() == 3);
  CHECK(*all[2].number.value == 3);
  CHECK(*rows.first()->number.value == 1);
  for (auto const& [number, name] :
       db.query<move_only, std::string>(pqscope::dynamic_sql{"SELECT 7, 'n'"})) {
    CHECK(*number.value == 7);
  }
  CHECK(*db.query<move_only>("SELECT 7").one().value == 7);
  CHECK(*db.query<std::vector<move_only>>("SELECT ARRAY[1, 2]").one()[1].value == 2);
  CHECK_FALSE(db.query<std::optional<move_only>>("SELECT NULL::int").one());
  support::ensure_usable(db);
}
