#ifndef PQSCOPE_TRANSFER_PLAIN_INSERT_HPP
#define PQSCOPE_TRANSFER_PLAIN_INSERT_HPP

#include <pqscope/sql/lexer.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope::detail {

/// An `INSERT INTO t (a, b) VALUES ($1, $2)`, taken apart.
struct plain_insert {
  std::string table;                 ///< as written, without comments; with its schema, if any
  std::vector<std::string> columns;  ///< unquoted; empty where none are named
  std::vector<std::size_t> places;   ///< which of the columns each parameter is for, from 0
  std::string of_arrays;             ///< the statement with arrays for parameters
};

/// Reads a statement of that form, and of no other: each placeholder is there once and stands
/// alone, there is one row of them, and at most ON CONFLICT (a, b) DO NOTHING behind it.
///
/// A template so that only programs that send many records compile it.
template <class = void>
class plain_insert_reader {
 public:
  plain_insert_reader(std::string_view text, std::size_t values)
      : text_{text}, lexer_{text}, values_{values} {
    step();
  }

  /// Nothing where it is not of that form.
  std::optional<plain_insert> read() {
    plain_insert found;
    if (!takes("insert") || !takes("into") || !take_table(found.table)) {
      return std::nullopt;
    }
    if (token_.is('(') && !take_names(found.columns)) {
      return std::nullopt;
    }
    char const* const row = token_.begin;
    if (!takes("values") || !take_row(found)) {
      return std::nullopt;
    }
    bool const fits = found.columns.empty() || found.columns.size() == values_;
    std::string_view const rest = text_.substr(offset(row_end_));
    if (!fits || !take_end()) {
      return std::nullopt;
    }
    found.of_arrays.assign(text_.substr(0, offset(row))).append("SELECT ");
    for (std::size_t i = 0; i < values_; ++i) {
      found.of_arrays.append(i == 0 ? "pg_catalog.unnest($" : ", pg_catalog.unnest($")
          .append(std::to_string(numbers_[i]))
          .append(1, ')');
    }
    found.of_arrays.append(rest);
    return found;
  }

 private:
  static constexpr std::size_t longest_name = 63;

  std::size_t offset(char const* at) const noexcept {
    return static_cast<std::size_t>(at - text_.data());
  }
  std::string_view word() const noexcept { return {token_.begin, token_.size()}; }

  void step() {
    do {
      token_ = lexer_.next();
    } while (token_.is_comment());
  }

  /// Takes a word, whatever its case; false where it is not the next one.
  bool takes(std::string_view wanted) {
    bool same = token_.kind == sql_token_kind::word && token_.size() == wanted.size();
    for (std::size_t i = 0; same && i < wanted.size(); ++i) {
      same = lower(word()[i]) == wanted[i];
    }
    if (same) {
      step();
    }
    return same;
  }

  bool takes(char symbol) {
    bool const same = token_.is(symbol);
    if (same) {
      step();
    }
    return same;
  }

  static char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }

  /// Takes an identifier. How letters beyond ASCII are folded, and long names cut, the server
  /// knows.
  bool take_name(std::string& name) {
    name.clear();
    std::string_view const written = word();
    if (token_.kind == sql_token_kind::quoted_identifier) {
      for (std::size_t i = 1; i + 1 < written.size(); ++i) {
        name.push_back(written[i]);
        i += written[i] == '"' ? 1U : 0U;  // doubled
      }
    } else if (token_.kind == sql_token_kind::word) {
      for (char const c : written) {
        if (static_cast<unsigned char>(c) >= 128) {
          return false;
        }
        name.push_back(lower(c));
      }
    }
    if (name.empty() || name.size() > longest_name) {
      return false;
    }
    step();
    return true;
  }

  bool take_table(std::string& table) {
    std::string name;
    for (;;) {
      table.append(word());
      if (!take_name(name)) {
        return false;
      }
      if (!token_.is('.')) {
        return true;
      }
      if (table.find('.') != std::string::npos) {
        return false;  // of another database, or a name with a dot in it
      }
      table.push_back('.');
      step();
    }
  }

  bool take_names(std::vector<std::string>& names) {
    do {
      step();
      if (!take_name(names.emplace_back())) {
        return false;
      }
    } while (token_.is(','));
    return takes(')');
  }

  bool take_row(plain_insert& found) {
    found.places.assign(values_, values_);
    if (!token_.is('(')) {
      return false;
    }
    do {
      step();
      std::size_t const number = token_.number;
      bool const is_new = token_.kind == sql_token_kind::placeholder && number <= values_ &&
                          found.places[number - 1] == values_;
      if (!is_new) {
        return false;
      }
      found.places[number - 1] = numbers_.size();
      numbers_.push_back(number);
      step();
    } while (token_.is(','));
    row_end_ = token_.end;
    return numbers_.size() == values_ && takes(')');
  }

  bool take_end() {
    if (takes("on")) {
      std::vector<std::string> names;
      if (!takes("conflict") || (token_.is('(') && !take_names(names)) || !takes("do") ||
          !takes("nothing")) {
        return false;
      }
    }
    takes(';');
    return token_.kind == sql_token_kind::end;
  }

  std::string_view text_;
  sql_lexer lexer_;
  std::size_t values_;
  sql_token token_{};
  std::vector<std::size_t> numbers_{};  // of the placeholders, in their order
  char const* row_end_ = nullptr;
};

}  // namespace pqscope::detail

#endif
