#include "wire_bytes.hpp"

#include <pqscope/types/array.hpp>
#include <pqscope/types/parameters.hpp>

#include <charconv>
#include <optional>
#include <source_location>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

//! [type]
// A place in the write-ahead log, which PostgreSQL calls pg_lsn.
struct log_position {
  std::uint64_t value = 0;

  friend bool operator==(log_position, log_position) = default;
};
//! [type]

}  // namespace

//! [codec]
template <>
struct pqscope::codec<log_position> {
  static constexpr oid_t type = oid::pg_lsn;
  static constexpr oid_t array_type = oid::pg_lsn_array;
  static constexpr oid_t parameter_type = type;
  static constexpr bool text_parameter = false;
  static constexpr std::string_view name = "pg_lsn";

  static constexpr bool accepts(oid_t column) noexcept { return column == oid::pg_lsn; }

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
    auto const slash = text.find('/');
    if (slash == std::string_view::npos) {
      throw_malformed(name);
    }
    return {std::uint64_t{half(text.substr(0, slash))} << 32U | half(text.substr(slash + 1))};
  }

 private:
  static std::uint32_t half(std::string_view digits) {
    std::uint32_t number = 0;
    char const* const end = digits.data() + digits.size();
    auto const [stop, fault] = std::from_chars(digits.data(), end, number, 16);
    if (fault != std::errc{} || stop != end) {
      throw_malformed(name);
    }
    return number;
  }
};
//! [codec]

//! [text codec]
// A type of an extension: its OID differs from database to database, its text does not.
struct ltree_path {
  std::string text;

  friend bool operator==(ltree_path const&, ltree_path const&) = default;
};

template <>
struct pqscope::codec<ltree_path> {
  static constexpr oid_t type = oid::none;
  static constexpr oid_t array_type = oid::none;
  static constexpr oid_t parameter_type = oid::none;  // the server infers it
  static constexpr bool text_parameter = true;
  static constexpr std::string_view name = "ltree";

  static constexpr bool accepts(oid_t column) noexcept { return column >= oid::first_user; }

  static void encode(ltree_path const& path, encoder& out) { out.append(path.text); }

  // ltree_send puts a version number, 1, before the text.
  static ltree_path decode(wire_value value) {
    if (value.size == 0 || value.data[0] != 1) {
      throw_malformed(name);
    }
    return {std::string(value.text().substr(1))};
  }

  static ltree_path parse(std::string_view text) { return {std::string(text)}; }
};
//! [text codec]

namespace {

// A duration the program holds in milliseconds and the table in seconds.
struct waiting_time {
  std::int64_t milliseconds = 0;
  operator std::int64_t() const { return milliseconds; }
};

}  // namespace

template <>
struct pqscope::codec<waiting_time> : pqscope::codec<std::int64_t> {
  static void encode(waiting_time of, encoder& out) { out.put_int64(of.milliseconds / 1000); }
};

TEST_CASE("a codec that replaces what another one encodes is asked for it, in arrays too") {
  std::string_view const three{"\0\0\0\0\0\0\0\3", 8};
  CHECK(encoded(waiting_time{3000}) == three);
  CHECK(encoded(std::vector{waiting_time{3000}}).ends_with(three));
  CHECK(encoded(std::vector{std::int64_t{3}}).ends_with(three));
}

TEST_CASE("a type added by a user is sent and read like any other") {
  log_position const position{0x16'b374d848};
  CHECK(encoded(position) == bytes({0, 0, 0, 0x16, 0xb3, 0x74, 0xd8, 0x48}));
  CHECK(round_trip(position) == position);
  CHECK(parsed<log_position>("16/B374D848") == position);
  CHECK_THROWS_AS(parsed<log_position>("16B374D848"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<log_position>("16/"), pqscope::decode_error);
  require_other_lengths_refused<log_position>(encoded(position), pqscope::oid::pg_lsn);
}

TEST_CASE("a type added by a user works within optional and vector") {
  std::vector<std::optional<log_position>> const positions{log_position{1}, {}};
  CHECK(round_trip(positions) == positions);
  CHECK(parsed<std::vector<log_position>>("{0/1,1/0}", pqscope::oid::pg_lsn_array) ==
        std::vector<log_position>{{1}, {0x1'00000000}});
  auto const here = std::source_location::current();
  pqscope::parameter_pack const pack{here, positions, std::optional<log_position>()};
  CHECK(pack.view().types[0] == pqscope::oid::pg_lsn_array);
  CHECK(pack.view().values[1] == nullptr);
}

TEST_CASE("a type without a fixed OID travels as text, its arrays too") {
  ltree_path const path{"a.b"};
  auto const here = std::source_location::current();
  pqscope::parameter_pack const pack{here, path, std::vector<ltree_path>{path}};
  CHECK(pack.view().types[0] == 0);
  CHECK(std::string_view(pack.view().values[0]) == "a.b");
  CHECK(std::string_view(pack.view().values[1]) == "{\"a.b\"}");
  CHECK(decoded<ltree_path>("\x01"
                            "a.b",
                            16500) == path);
}
