#ifndef PQSCOPE_MAPPING_TEXT_WRITER_HPP
#define PQSCOPE_MAPPING_TEXT_WRITER_HPP

#include <pqscope/sql/hash.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>

namespace pqscope::detail {

// Reached only while compiling, by a query that is wrong: its name is the message.
void a_column_belongs_to_a_struct_that_is_not_in_the_query();
void a_query_joins_more_than_16_tables();

/// What a struct type is told apart by.
using struct_key = char const*;
template <class T>
inline constexpr char struct_mark = 0;
template <class T>
inline constexpr struct_key key_of_struct = &struct_mark<T>;

// The same while compiling. For GCC's -fsanitize=undefined no comparison of such addresses is a
// constant; to Clang's spelling of a type, local ones of one name are alike.
#ifdef __clang__
using struct_code = struct_key;
template <class T>
inline constexpr struct_code code_of_struct = key_of_struct<T>;
#else
using struct_code = std::uint64_t;
template <class T>
consteval struct_code hash_of_struct() {
  return hash_sql(__PRETTY_FUNCTION__);
}
template <class T>
inline constexpr struct_code code_of_struct = hash_of_struct<T>();
#endif

/// Writes SQL text, while compiling or at run time: counts its characters, and puts them where it
/// was given a place.
class text_writer {
 public:
  constexpr explicit text_writer(char* out = nullptr) noexcept : out_{out} {}

  /// Appends text as it is.
  constexpr text_writer& operator<<(std::string_view text) {
    if (out_ != nullptr) {
      for (char const c : text) {
        out_[size_++] = c;
      }
    } else {
      size_ += text.size();
    }
    return *this;
  }

  /// Appends a name in quotes, those inside it doubled.
  constexpr text_writer& name(std::string_view name) {
    put('"');
    for (char const c : name) {
      if (c == '"') {
        put(c);
      }
      put(c);
    }
    put('"');
    return *this;
  }

  /// Appends a number that is not negative.
  constexpr text_writer& number(int number) {
    if (number > 9) {
      this->number(number / 10);
    }
    put(static_cast<char>('0' + number % 10));
    return *this;
  }

  /// Appends the next placeholder: `$1`, `$2` and so on.
  constexpr text_writer& placeholder() {
    put('$');
    return number(++placeholders_);
  }

  /// Says that the table of a struct is in the query, in the order of their aliases `t0`, `t1`.
  constexpr void add_table(struct_code which) {
    if (tables_ == max_tables) {
      a_query_joins_more_than_16_tables();
    }
    table_[tables_++] = which;
  }

  /// From here on columns have the alias of their table in front of them.
  constexpr void qualify(bool on = true) noexcept { qualified_ = on; }
  constexpr bool is_qualified() const noexcept { return qualified_; }

  /// The alias of the table of the `occurrence`th struct of a type.
  constexpr int table_of(struct_code which, int occurrence) const {
    for (int i = 0; i < tables_; ++i) {
      if (table_[i] == which && occurrence-- == 0) {
        return i;
      }
    }
    a_column_belongs_to_a_struct_that_is_not_in_the_query();
    return 0;
  }

  /// Appends the name of a column of the table with an alias.
  constexpr text_writer& column(int alias, std::string_view name) {
    if (qualified_) {
      *this << "t";
      number(alias) << ".";
    }
    return this->name(name);
  }

  constexpr std::size_t size() const noexcept { return size_; }

 private:
  static constexpr int max_tables = 16;

  constexpr void put(char c) {
    if (out_ != nullptr) {
      out_[size_] = c;
    }
    ++size_;
  }

  char* out_;
  std::size_t size_ = 0;
  int placeholders_ = 0;
  int tables_ = 0;
  bool qualified_ = false;
  struct_code table_[max_tables] = {};
};

template <class Text>
inline constexpr std::size_t text_size = [] {
  text_writer count;
  Text::write(count);
  return count.size();
}();

template <class Text>
inline constexpr std::array<char, text_size<Text> + 1> text_characters = [] {
  std::array<char, text_size<Text> + 1> characters{};
  text_writer out{characters.data()};
  Text::write(out);
  return characters;
}();

template <class Text>
inline constexpr std::uint64_t text_hash =
    hash_sql({text_characters<Text>.data(), text_size<Text>});

/// The text that `Text::write(text_writer&)` writes, made while compiling. It ends in a NUL byte
/// and is there for ever.
template <class Text>
constexpr std::string_view text_of() noexcept {
  return {text_characters<Text>.data(), text_size<Text>};
}

/// The same as a statement that is sent from `where`.
template <class Text>
constexpr sql_view sql_of(std::source_location const& where) noexcept {
  return {text_characters<Text>.data(), text_size<Text>, text_hash<Text>, where};
}

}  // namespace pqscope::detail

#endif
