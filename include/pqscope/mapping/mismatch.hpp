#ifndef PQSCOPE_MAPPING_MISMATCH_HPP
#define PQSCOPE_MAPPING_MISMATCH_HPP

#include <pqscope/connection/loops.hpp>
#include <pqscope/error/decode_error.hpp>
#include <pqscope/error/mask_passwords.hpp>
#include <pqscope/error/sql_excerpt.hpp>

#include <cstddef>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

/// What about a statement does not fit the database.
enum class mismatch_kind : unsigned char {
  refused,   ///< the server refuses the statement: a table that is not there, a mistake in the SQL
  argument,  ///< an argument's type is not what the server expects in that place
  column,    ///< a column is missing, too many, or of a type that the C++ type cannot be read from
  nullable,  ///< a column can be NULL, and the C++ type cannot
};

/// One thing about a statement that does not fit the database, as `find_mismatches` lists them.
struct mismatch {
  mismatch_kind kind{};          ///< what it is about
  std::string problem{};         ///< in words; of several lines where the server refused it
  std::string sql{};             ///< the statement
  std::source_location where{};  ///< where it is declared

  /// `file:line: problem`.
  std::string to_string() const {
    return std::string(where.file_name()) + ':' + std::to_string(where.line()) + ": " + problem;
  }
};

namespace detail {

/// The list as one text, statement by statement.
inline std::string mismatch_text(std::vector<mismatch> const& all) {
  std::string lines;
  std::size_t statements = 0;
  mismatch const* previous = nullptr;
  for (mismatch const& each : all) {
    bool const is_next = previous == nullptr || previous->sql != each.sql ||
                         previous->where.line() != each.where.line() ||
                         std::string_view(previous->where.file_name()) != each.where.file_name();
    if (is_next) {
      ++statements;
      lines += "\n  ";
      lines += each.where.file_name();
      lines += ':' + std::to_string(each.where.line());
      lines += "  " + sql_beginning(mask_passwords(each.sql, 0).text);
    }
    std::string_view rest = each.problem;
    for (std::string_view indent = "\n    - "; !rest.empty(); indent = "\n      ") {
      std::size_t const end = least(rest.find('\n'), rest.size());
      lines += indent;
      lines += rest.substr(0, end);
      rest.remove_prefix(least(end + 1, rest.size()));
    }
    previous = &each;
  }
  return std::to_string(statements) + (statements == 1 ? " statement does" : " statements do") +
         " not fit the database:" + lines;
}

}  // namespace detail

/// Statements do not fit the database; thrown by `verify`. Its message lists all that is wrong,
/// with file and line of each statement; `where()` is the first one's.
class statement_mismatch : public type_mismatch {
 public:
  /// Says what is in `all`, which is not empty.
  explicit statement_mismatch(std::vector<mismatch> all)
      : statement_mismatch(std::make_shared<std::vector<mismatch> const>(std::move(all))) {}

  /// Copies share the list.
  statement_mismatch(statement_mismatch const&) noexcept = default;
  /// Copies share the list.
  statement_mismatch& operator=(statement_mismatch const&) noexcept = default;

  /// All that is wrong, in the order of the statements. Lives as long as this exception or a copy.
  std::vector<mismatch> const& mismatches() const noexcept { return *all_; }

 private:
  explicit statement_mismatch(std::shared_ptr<std::vector<mismatch> const> all)
      : type_mismatch(detail::mismatch_text(*all), all->front().where), all_{std::move(all)} {}

  std::shared_ptr<std::vector<mismatch> const> all_;
};

}  // namespace pqscope

#endif
