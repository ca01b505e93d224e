// Every decoder, binary and text, of every type family.
//
// The first byte of an input picks a C++ type, the second one the format (its lowest bit: text) and
// a column type; the rest is a value as the server could send it. Whatever it is: it decodes, or is
// a decode_error. What decodes can be sent, and comes back the same, in binary and as text.

#include "fuzz.hpp"

#include <pqscope/types/types.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

namespace {

namespace oid = pqscope::oid;
using namespace std::chrono;
template <class T>
using list = std::vector<T>;
template <class T>
using maybe = std::optional<T>;

constexpr pqscope::oid_t user = oid::first_user + 1;

enum class mood { sad, happy };

struct inner {
  int number;
  maybe<std::string> text;
  pqscope::numeric amount;
  friend bool operator==(inner const&, inner const&) = default;
};

struct outer {
  std::string name;
  inner one;
  list<maybe<inner>> more;
  maybe<pqscope::range<int>> range;
  maybe<list<maybe<double>>> numbers;
  friend bool operator==(outer const&, outer const&) = default;
};

struct view_of {
  std::string_view text;
  list<std::string_view> texts;
};

}  // namespace

template <>
inline constexpr auto pqscope::labels<mood> =
    pqscope::enum_labels<mood>({{mood::sad, "sad"}, {mood::happy, "happy"}});
template <>
inline constexpr bool pqscope::is_composite<inner> = true;
template <>
inline constexpr bool pqscope::is_composite<outer> = true;
template <>
struct pqscope::range_type<double> : pqscope::user_range_type {};
template <>
struct pqscope::range_type<std::string> : pqscope::user_range_type {};

namespace {

// hstore is sent with other spaces than the server prints, and only the latter is read.
template <class T>
inline constexpr bool reads_what_it_sends = true;
template <>
inline constexpr bool reads_what_it_sends<pqscope::hstore> = false;
template <>
inline constexpr bool reads_what_it_sends<list<pqscope::hstore>> = false;

/// The bytes of `value` as a parameter; nothing where it is refused.
template <class T>
maybe<std::string> encoded(T const& value) {
  pqscope::encoder out;
  try {
    pqscope::codec<T>::encode(value, out);
  } catch (pqscope::usage_error const&) {
    return std::nullopt;
  }
  return std::string{out.view()};
}

template <class T>
T read_back(std::string_view bytes, pqscope::oid_t column) {
  fuzz::exact_copy const copy{bytes};
  if constexpr (pqscope::codec<T>::text_parameter) {
    return pqscope::detail::parse_typed<pqscope::codec<T>, T>(copy.view(), column);
  } else {
    return pqscope::codec<T>::decode({copy.view().data(), copy.view().size(), column});
  }
}

template <class T>
void check_same(T const& value, T const& again, std::string const& bytes) {
  fuzz::require(encoded(again) == bytes, "what was sent comes back and is sent the same");
  if constexpr (pqscope::detail::array_shape<T>::depth > 1) {
    if (bytes == encoded(T{})) {
      return;  // an array of nothing but empty arrays comes back as an empty one
    }
  }
  if constexpr (std::equality_comparable<T>) {
    fuzz::require(value == again || !(value == value), "what was sent comes back equal");
  }
}

/// Whether a value has a NUL byte that its text had not: the empty `"char"` is one.
template <class T>
bool made_nul(T const& value) {
  if constexpr (std::same_as<T, list<char>>) {
    return std::ranges::find(value, '\0') != value.end();
  } else {
    return false;
  }
}

template <class T>
void check_round_trip(T const& value, pqscope::oid_t column, bool with_nul) {
  using codec = pqscope::codec<T>;
  auto const bytes = encoded(value);
  if (!bytes) {
    fuzz::require(with_nul || std::same_as<T, std::uint64_t>,
                  "only a text with a NUL byte and what is above the largest bigint are refused");
    return;
  }
  if constexpr (reads_what_it_sends<T>) {
    check_same(value, read_back<T>(*bytes, codec::text_parameter ? column : codec::type), *bytes);
  }
  if constexpr (!codec::text_parameter && pqscope::detail::text_writable<T> &&
                std::equality_comparable<T>) {
    if (value == value) {  // the text of NaN keeps no bits
      pqscope::encoder text;
      pqscope::detail::text_form<T>::put(value, text);
      fuzz::exact_copy const copy{text.view()};
      check_same(value, pqscope::detail::parse_typed<codec, T>(copy.view(), codec::type), *bytes);
    }
  }
}

/// The syntax check of JSON, which decoding leaves to the server.
void check_json(std::string_view text) {
  std::size_t const fault = pqscope::find_json_fault(text);
  fuzz::require(fault == text.npos || fault <= text.size(), "the place of a fault is in the text");
  bool const is_json = fault == text.npos;
  std::string const all{text};
  fuzz::require((pqscope::find_json_fault(" " + all + "\n") == text.npos) == is_json,
                "space around JSON is a part of it");
  fuzz::require(!is_json || pqscope::find_json_fault(all + ",") == all.size(),
                "what follows JSON is a fault at its place");
  if (std::ranges::count(text, '[') + std::ranges::count(text, '{') < pqscope::max_json_depth) {
    fuzz::require((pqscope::find_json_fault("[0," + all + "]") == text.npos) == is_json ||
                      text.find(',') != text.npos,
                  "JSON is an element of an array, and nothing else is");
  }
}

template <class T>
void check(std::string_view bytes, pqscope::oid_t column, bool text) {
  fuzz::require(text ? pqscope::accepts_text_type<T>(column) : pqscope::accepts_type<T>(column),
                "the column type is one that this target may try");
  fuzz::exact_copy const copy{bytes};
  if constexpr (std::same_as<T, pqscope::json>) {
    check_json(copy.view());
  }
  auto const size = static_cast<int>(bytes.size());
  maybe<T> value;
  try {
    value.emplace(text ? pqscope::parse_value<T>(copy.view().data(), size, column)
                       : pqscope::decode_value<T>(copy.view().data(), size, column));
  } catch (pqscope::decode_error const&) {
    return;
  }
  if constexpr (!pqscope::detail::is_view<T>) {
    check_round_trip(*value, column, bytes.find('\0') != bytes.npos || made_nul(*value));
  }
}

struct candidate {
  void (*check)(std::string_view, pqscope::oid_t, bool);
  bool is_view;
  list<pqscope::oid_t> columns;
};

template <class T>
candidate of(std::initializer_list<pqscope::oid_t> columns) {
  return {&check<T>, pqscope::detail::is_view<T>, columns};
}

// New ones go to the end: the seeds count on the order.
list<candidate> const& candidates() {
  using pqscope::multirange;
  using pqscope::range;
  static list<candidate> const all = {
      of<std::int16_t>({oid::int2}),
      of<std::int32_t>({oid::int4, oid::int2}),
      of<std::int64_t>({oid::int8, oid::int4, oid::int2, oid::oid, oid::xid}),
      of<std::uint32_t>({oid::oid, oid::xid, oid::int4}),
      of<std::uint64_t>({oid::xid8, oid::int8, oid::oid}),
      of<signed char>({oid::int2}),
      of<bool>({oid::boolean}),
      of<float>({oid::float4}),
      of<double>({oid::float8, oid::float4, oid::int4, oid::int2}),
      of<char>({oid::char_, oid::bpchar, oid::text}),
      of<std::string>({oid::text, oid::char_, oid::jsonb, oid::xml}),
      of<std::string_view>({oid::text, oid::char_, oid::jsonb}),
      of<list<std::byte>>({oid::bytea}),
      of<std::array<std::byte, 16>>({oid::bytea}),
      of<std::span<std::byte const>>({oid::bytea}),
      of<pqscope::numeric>({oid::numeric, oid::int8, oid::int4, oid::int2}),
      of<pqscope::uuid>({oid::uuid}),
      of<pqscope::json>({oid::json, oid::jsonb}),
      of<pqscope::jsonb>({oid::jsonb, oid::json}),
      of<pqscope::xml>({oid::xml}),
      of<pqscope::inet>({oid::inet, oid::cidr}),
      of<pqscope::cidr>({oid::cidr}),
      of<pqscope::macaddr>({oid::macaddr}),
      of<pqscope::macaddr8>({oid::macaddr8}),
      of<pqscope::bit_string>({oid::varbit, oid::bit}),
      of<sys_days>({oid::date}),
      of<local_days>({oid::date}),
      of<year_month_day>({oid::date}),
      of<sys_time<microseconds>>({oid::timestamptz}),
      of<sys_time<nanoseconds>>({oid::timestamptz}),
      of<sys_time<seconds>>({oid::timestamptz}),
      of<sys_time<duration<std::int32_t, std::ratio<3600>>>>({oid::timestamptz}),
      of<local_time<microseconds>>({oid::timestamp}),
      of<local_time<milliseconds>>({oid::timestamp}),
      of<pqscope::time_of_day>({oid::time}),
      of<hh_mm_ss<milliseconds>>({oid::time}),
      of<pqscope::interval>({oid::interval}),
      of<microseconds>({oid::interval}),
      of<nanoseconds>({oid::interval}),
      of<duration<std::int16_t, std::ratio<60>>>({oid::interval}),
      of<pqscope::hstore>({user}),
      of<pqscope::vector>({user}),
      of<pqscope::halfvec>({user}),
      of<pqscope::sparsevec>({user}),
      of<mood>({user, oid::text}),
      of<range<int>>({oid::int4range}),
      of<range<std::int64_t>>({oid::int8range, oid::int4range}),
      of<range<pqscope::numeric>>({oid::numrange, oid::int8range}),
      of<range<sys_days>>({oid::daterange}),
      of<range<sys_time<microseconds>>>({oid::tstzrange}),
      of<range<local_time<microseconds>>>({oid::tsrange}),
      of<range<double>>({user}),
      of<range<std::string>>({user}),
      of<multirange<int>>({oid::int4multirange}),
      of<multirange<pqscope::numeric>>({oid::nummultirange, oid::int4multirange}),
      of<multirange<sys_days>>({oid::datemultirange}),
      of<multirange<std::string>>({user}),
      of<list<int>>({oid::int4_array, oid::int2_array}),
      of<list<maybe<int>>>({oid::int4_array}),
      of<list<maybe<std::string>>>({oid::text_array, oid::varchar_array}),
      of<list<list<maybe<std::string>>>>({oid::text_array}),
      of<list<list<list<std::int16_t>>>>({oid::int2_array}),
      of<std::array<int, 3>>({oid::int4_array}),
      of<list<std::array<bool, 2>>>({oid::boolean_array}),
      of<list<pqscope::numeric>>({oid::numeric_array, oid::int8_array}),
      of<list<maybe<range<int>>>>({oid::int4range_array}),
      of<list<list<std::byte>>>({oid::bytea_array}),
      of<list<double>>({oid::float8_array, oid::float4_array}),
      of<list<sys_time<microseconds>>>({oid::timestamptz_array}),
      of<list<pqscope::jsonb>>({oid::jsonb_array}),
      of<list<char>>({oid::char_array}),
      of<list<std::string_view>>({oid::text_array}),
      of<list<mood>>({user}),
      of<list<pqscope::hstore>>({user}),
      of<list<pqscope::sparsevec>>({user}),
      of<list<list<pqscope::interval>>>({oid::interval_array}),
      of<inner>({oid::record, user}),
      of<outer>({oid::record, user}),
      of<pqscope::composite<std::tuple<int, std::string, maybe<inner>>>>({oid::record}),
      of<list<maybe<inner>>>({user}),
      of<list<outer>>({user}),
      of<pqscope::composite<view_of>>({user}),
      of<pqscope::composite<std::tuple<range<std::string>, pqscope::vector>>>({oid::record}),
      of<std::variant<int, std::string, pqscope::numeric>>(
          {oid::int4, oid::text, oid::numeric, oid::int2}),
      of<list<multirange<int>>>({oid::int4multirange_array}),
      of<pqscope::lsn>({oid::pg_lsn}),
  };
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  auto const& chosen = candidates()[fuzz::take_byte(input) % candidates().size()];
  unsigned const how = fuzz::take_byte(input);
  bool const text = how % 2 == 1 && !chosen.is_view;  // what lies in a text cannot be viewed
  chosen.check(input, chosen.columns[how / 2 % chosen.columns.size()], text);
  return 0;
}
