#include "wire_bytes.hpp"

#include <pqscope/connection/record_scan.hpp>
#include <pqscope/types/types.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace oid = pqscope::oid;
using pqscope::composite;
using pqscope::type_kind;
using pqscope::type_table;
using pqscope::detail::codec_accepts;

namespace {

enum class mood { sad, happy };

struct part {
  std::string name;
  int count;
  mood now;
};

constexpr pqscope::oid_t mood_oid = 16400;
constexpr pqscope::oid_t domain_oid = 16401;
constexpr pqscope::oid_t outer_domain_oid = 16402;
constexpr pqscope::oid_t domain_array_oid = 16403;
constexpr pqscope::oid_t part_oid = 16404;
constexpr pqscope::oid_t range_oid = 16405;

}  // namespace

template <>
inline constexpr auto pqscope::labels<mood> =
    pqscope::enum_labels<mood>({{mood::sad, "sad"}, {mood::happy, "happy"}});
template <>
struct pqscope::range_type<mood> : pqscope::user_range_type {};

namespace {

type_table some_types() {
  type_table made;
  made.put({part_oid,
            "part",
            type_kind::composite,
            "record_send",
            0,
            {{"name", oid::text}, {"count", outer_domain_oid}, {"now", mood_oid}}});
  made.put({mood_oid, "mood", type_kind::enumeration, "enum_send"});
  made.put({outer_domain_oid, "tens", type_kind::domain, "int4send", domain_oid});
  made.put({domain_oid, "numbers", type_kind::domain, "int4send", oid::int4});
  made.put({domain_array_oid, "tens[]", type_kind::array, "array_send", outer_domain_oid});
  made.put({range_oid, "moods", type_kind::range, "range_send", mood_oid});
  return made;
}

void put_value(pqscope::encoder& out, std::string const& bytes) {
  out.put_int32(static_cast<std::int32_t>(bytes.size()));
  out.append(std::string_view(bytes));
}

void put_attribute(pqscope::encoder& out, pqscope::oid_t type, std::string const& bytes) {
  out.put_int32(static_cast<std::int32_t>(type));
  put_value(out, bytes);
}

std::string number(std::int32_t value) {
  pqscope::encoder out;
  out.put_int32(value);
  return std::string(out.view());
}

/// A `part`, as the server sends it.
std::string part_bytes() {
  pqscope::encoder out;
  out.put_int32(3);
  put_attribute(out, oid::text, "a");
  put_attribute(out, outer_domain_oid, number(7));
  put_attribute(out, mood_oid, "happy");
  return std::string(out.view());
}

/// `{7,8}` of the domain.
std::string array_bytes() {
  pqscope::encoder out;
  for (int const each : {1, 0, static_cast<int>(outer_domain_oid), 2, 1}) {
    out.put_int32(each);
  }
  put_value(out, number(7));
  put_value(out, number(8));
  return std::string(out.view());
}

/// `ROW(part, tens[], mood)`.
std::string record_bytes() {
  pqscope::encoder out;
  out.put_int32(3);
  put_attribute(out, part_oid, part_bytes());
  put_attribute(out, domain_array_oid, array_bytes());
  put_attribute(out, mood_oid, "sad");
  return std::string(out.view());
}

template <class T>
T read(std::string const& bytes, pqscope::oid_t type, type_table const& types) {
  return pqscope::decode_value<T>(pqscope::wire_value{bytes.data(), bytes.size(), type, &types});
}

/// Whatever the bytes are, a value or a `decode_error` comes of them.
template <class T>
void survives(std::string const& bytes, pqscope::oid_t type, type_table const& types) {
  std::vector<char> const exact(bytes.begin(), bytes.end());  // a sanitizer sees its end
  try {
    static_cast<void>(
        pqscope::decode_value<T>(pqscope::wire_value{exact.data(), exact.size(), type, &types}));
  } catch (pqscope::decode_error const&) {
  }
  std::vector<pqscope::oid_t> found;
  pqscope::detail::find_user_types({exact.data(), exact.size(), oid::record}, found);
  pqscope::detail::find_user_types({exact.data(), exact.size(), oid::record_array}, found);
}

template <class T>
void survives_all(std::string const& bytes, pqscope::oid_t type) {
  type_table const types = some_types();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    survives<T>(bytes.substr(0, size), type, types);
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int const byte : {0, 1, 0x7f, 0x80, 0xff}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(byte);
      survives<T>(changed, type, types);
    }
  }
  std::mt19937 random(20240229);
  for (int round = 0; round < 5000; ++round) {
    std::string changed = bytes;
    for (int times = 0; times < 3; ++times) {
      changed[random() % changed.size()] = static_cast<char>(random());
    }
    survives<T>(changed, type, types);
  }
}

using row = std::tuple<part, std::vector<int>, std::string>;

}  // namespace

TEST_CASE("values of types made by users are read with what is known of them") {
  type_table const types = some_types();
  auto const [one, two, three] = read<composite<row>>(record_bytes(), oid::record, types).value;
  CHECK(one.name == "a");
  CHECK(one.count == 7);
  CHECK(one.now == mood::happy);
  CHECK(two == std::vector{7, 8});
  CHECK(three == "sad");
}

TEST_CASE("malformed bytes of types made by users are a decode_error, never a crash") {
  survives_all<composite<part>>(part_bytes(), part_oid);
  survives_all<std::vector<int>>(array_bytes(), domain_array_oid);
  survives_all<composite<row>>(record_bytes(), oid::record);
  type_table const types = some_types();
  CHECK_THROWS_AS(read<composite<part>>(part_bytes() + 'x', part_oid, types),
                  pqscope::decode_error);
  CHECK_THROWS_AS(read<std::vector<int>>(array_bytes().substr(1), domain_array_oid, types),
                  pqscope::decode_error);
}

TEST_CASE("what a type is decides what can be read from it") {
  type_table const types = some_types();
  auto const takes = [&]<class T>(pqscope::codec<T> const*, pqscope::oid_t type) {
    return codec_accepts<pqscope::codec<T>>(type, &types);
  };
  pqscope::codec<std::string> const* const text = nullptr;
  CHECK(takes(text, mood_oid));
  CHECK_FALSE(takes(text, part_oid));
  CHECK_FALSE(takes(text, domain_array_oid));
  CHECK_FALSE(takes(text, outer_domain_oid));
  pqscope::codec<int> const* const integer = nullptr;
  CHECK(takes(integer, outer_domain_oid));
  CHECK_FALSE(takes(integer, mood_oid));
  pqscope::codec<std::vector<int>> const* const integers = nullptr;
  CHECK(takes(integers, domain_array_oid));
  CHECK_FALSE(takes(integers, outer_domain_oid));
  pqscope::codec<pqscope::range<mood>> const* const moods = nullptr;
  CHECK(takes(moods, range_oid));
  CHECK_FALSE(takes(moods, mood_oid));
  pqscope::codec<pqscope::hstore> const* const pairs = nullptr;
  CHECK_FALSE(takes(pairs, part_oid));
  CHECK(takes(pairs, 20000));  // nothing is known of it
}

TEST_CASE("a table of types keeps the last that was put in, and ends in what is no domain") {
  type_table types = some_types();
  CHECK(types.size() == 6);
  types.put({mood_oid, "other", type_kind::domain, "int4send", mood_oid});
  CHECK(types.size() == 6);
  CHECK(types.name_of(mood_oid) == "other");
  CHECK(types.name_of(oid::int4) == "integer");
  CHECK(types.name_of(20000) == "type with OID 20000");
  CHECK(types.below_domains(mood_oid) == mood_oid);  // even where it goes round in a circle
  CHECK(types.below_domains(outer_domain_oid) == oid::int4);
}
