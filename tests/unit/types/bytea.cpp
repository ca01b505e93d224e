#include "wire_bytes.hpp"

#include <pqscope/types/bytea.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace oid = pqscope::oid;
using pqscope::codec;

namespace {

using byte_vector = std::vector<std::byte>;

byte_vector all_bytes() {
  byte_vector all;
  for (int i = 0; i < 256; ++i) {
    all.push_back(static_cast<std::byte>(i));
  }
  return all;
}

}  // namespace

TEST_CASE("a bytea is its bytes, all 256 values of them") {
  auto const all = all_bytes();
  CHECK(encoded(all).size() == 256);
  CHECK(round_trip(all) == all);
  CHECK(round_trip(byte_vector{}).empty());
}

TEST_CASE("a bytea parameter is lent") {
  auto const all = all_bytes();
  auto const lent = codec<byte_vector>::borrow(all);
  CHECK(static_cast<void const*>(lent.data()) == static_cast<void const*>(all.data()));
  CHECK(lent.size() == 256);
}

TEST_CASE("a bytea in hex text is read in either case") {
  CHECK(parsed<byte_vector>("\\x") == byte_vector{});
  CHECK(parsed<byte_vector>("\\x00fF7e") ==
        byte_vector{std::byte{0}, std::byte{255}, std::byte{0x7e}});
}

TEST_CASE("a bytea in escape text is read") {
  CHECK(parsed<byte_vector>("") == byte_vector{});
  CHECK(parsed<byte_vector>("a\\\\b\\000\\377") ==
        byte_vector{std::byte{'a'}, std::byte{'\\'}, std::byte{'b'}, std::byte{0}, std::byte{255}});
}

TEST_CASE("malformed bytea text is refused") {
  for (char const* text :
       {"\\x0", "\\x0g", "\\x 00", "\\x00 ", "\\", "a\\", "\\1", "\\12", "\\400", "\\189", "\\a"}) {
    INFO(text);
    CHECK_THROWS_AS(parsed<byte_vector>(text), pqscope::decode_error);
  }
}

TEST_CASE("a bytea of fixed size takes that size only") {
  using three = std::array<std::byte, 3>;
  three const value{std::byte{1}, std::byte{2}, std::byte{3}};
  CHECK(round_trip(value) == value);
  CHECK(parsed<three>("\\x010203") == value);
  require_other_lengths_refused<three>(encoded(value), oid::bytea);
  CHECK_THROWS_AS(parsed<three>("\\x0102"), pqscope::decode_error);
  CHECK(round_trip(std::array<std::byte, 0>{}).empty());
}

TEST_CASE("a span result points into the row") {
  std::string const row = "abc";
  auto const view = pqscope::decode_value<std::span<std::byte const>>(row.data(), 3, oid::bytea);
  CHECK(static_cast<void const*>(view.data()) == static_cast<void const*>(row.data()));
  CHECK(view.size() == 3);
}

TEST_CASE("a bytea in text format cannot be read as a span") {
  CHECK_THROWS_AS(parsed<std::span<std::byte const>>("\\x00"), pqscope::usage_error);
}

TEST_CASE("a bytea is read from bytea only") {
  STATIC_CHECK(codec<byte_vector>::accepts(oid::bytea));
  STATIC_CHECK_FALSE(codec<byte_vector>::accepts(oid::text));
  STATIC_CHECK_FALSE(codec<std::span<std::byte const>>::accepts(oid::int2_array));
}
