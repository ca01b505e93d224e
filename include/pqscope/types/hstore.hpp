#ifndef PQSCOPE_TYPES_HSTORE_HPP
#define PQSCOPE_TYPES_HSTORE_HPP

#include <pqscope/types/codec.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/user_type.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope {

/// Keys and values of the extension hstore: texts, where a value can be NULL.
using hstore = std::map<std::string, std::optional<std::string>>;

namespace detail {

/// Reads hstore's binary format. Source: the extension's `hstore_send`: number of pairs; for each
/// the key's size and bytes, the value's size (-1 for NULL) and bytes.
///
/// A template so that only programs that use hstore compile it, as the others here.
template <class Map>
class hstore_wire_reader {
 public:
  explicit hstore_wire_reader(wire_value value) : at_{value.data}, left_{value.size} {}

  Map read() {
    Map pairs;
    for (std::int32_t count = size(); count > 0; --count) {
      std::string_view const key = bytes(size());
      auto const length = take_int32();
      std::optional<std::string> value;
      if (length != -1) {
        value.emplace(bytes(length));
      }
      if (!pairs.try_emplace(std::string(key), std::move(value)).second) {
        fail();
      }
    }
    if (left_ != 0) {
      fail();
    }
    return pairs;
  }

 private:
  [[noreturn]] static void fail() { throw_malformed("hstore"); }

  std::int32_t size() {
    auto const value = take_int32();
    if (value < 0) {
      fail();
    }
    return value;
  }

  std::int32_t take_int32() {
    if (left_ < 4) {
      fail();
    }
    auto const value = read_int32(at_);
    at_ += 4;
    left_ -= 4;
    return value;
  }

  std::string_view bytes(std::int32_t count) {
    if (count < 0 || static_cast<std::size_t>(count) > left_) {
      fail();
    }
    std::string_view const taken(at_, static_cast<std::size_t>(count));
    at_ += count;
    left_ -= taken.size();
    return taken;
  }

  char const* at_;
  std::size_t left_;
};

/// Reads hstore's text format as the server prints it: `"a"=>"b", "c"=>NULL`.
template <class Map>
class hstore_text_reader {
 public:
  explicit hstore_text_reader(std::string_view text) : rest_{text} {}

  Map read() {
    Map pairs;
    while (!rest_.empty()) {
      if (!pairs.empty()) {
        expect(", ");
      }
      std::string key = quoted();
      expect("=>");
      std::optional<std::string> value;
      if (rest_.starts_with("NULL")) {
        rest_.remove_prefix(4);
      } else {
        value = quoted();
      }
      if (!pairs.try_emplace(std::move(key), std::move(value)).second) {
        throw_malformed("hstore");
      }
    }
    return pairs;
  }

 private:
  void expect(std::string_view mark) {
    if (!rest_.starts_with(mark)) {
      throw_malformed("hstore");
    }
    rest_.remove_prefix(mark.size());
  }

  std::string quoted() {
    expect("\"");
    std::string text;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') {
        rest_.remove_prefix(1);
        if (rest_.empty()) {
          break;
        }
      }
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    expect("\"");
    return text;
  }

  std::string_view rest_;
};

inline void put_hstore_text(std::string_view text, encoder& out) {
  out.put_byte('"');
  for (char const c : text) {
    if (c == '"' || c == '\\') {
      out.put_byte('\\');
    }
    out.put_byte(static_cast<unsigned char>(c));
  }
  out.put_byte('"');
}

/// How the pairs travel.
template <class Map>
struct hstore_codec {
  /// Appends `"key"=>"value"` pairs.
  static void encode(Map const& value, encoder& out) {
    bool first = true;
    for (auto const& [key, mapped] : value) {
      if (!std::exchange(first, false)) {
        out.put_byte(',');
      }
      put_hstore_text(key, out);
      out.append(std::string_view("=>"));
      if (mapped) {
        put_hstore_text(*mapped, out);
      } else {
        out.append(std::string_view("NULL"));
      }
    }
  }

  /// Reads pairs.
  static Map decode(wire_value value) { return hstore_wire_reader<Map>(value).read(); }

  /// Reads what the server prints.
  static Map parse(std::string_view text) { return hstore_text_reader<Map>(text).read(); }
};

}  // namespace detail

/// `std::map<std::string, std::optional<std::string>>` is the extension hstore's `hstore`.
///
/// Its OID differs from database to database: columns of any type made by users are taken, and
/// bytes that are no hstore are a `decode_error`. As a parameter it travels as text of no declared
/// type. Pairs are ordered as `std::map` orders them; the server's order is another one.
template <>
struct codec<hstore> : detail::hstore_codec<hstore> {
  static constexpr oid_t type = oid::none;            ///< known only to the database
  static constexpr oid_t array_type = oid::none;      ///< known only to the database
  static constexpr oid_t parameter_type = oid::none;  ///< inferred
  static constexpr bool text_parameter = true;        ///< text
  static constexpr std::string_view name = "hstore";  ///< in messages

  /// Any type made by users or extensions that nothing is known of.
  static constexpr bool accepts(oid_t column) noexcept { return column >= oid::first_user; }

  /// The type of the extension.
  static bool accepts(user_type const& known, type_table const&, std::string*) noexcept {
    return detail::sends_as(known, name);
  }
};

}  // namespace pqscope

#endif
