#ifndef PQSCOPE_TRANSACTION_OPTIONS_HPP
#define PQSCOPE_TRANSACTION_OPTIONS_HPP

#include <optional>
#include <string>

namespace pqscope {

/// What a transaction sees of others, by the SQL standard's names.
enum class isolation : unsigned char {
  read_uncommitted,  ///< as `read_committed` in PostgreSQL
  read_committed,    ///< each statement sees what was committed before it began
  repeatable_read,   ///< all statements see what was committed before the first one began
  serializable,      ///< as if transactions ran one after another; can fail with 40001
};

/// Whether a transaction may change data.
enum class access : unsigned char {
  read_write,  ///< it may
  read_only,   ///< an attempt fails with 25006
};

/// How a transaction runs. What is unset is left to the server's and the role's defaults.
struct transaction_options {
  std::optional<pqscope::isolation> isolation{};  ///< isolation level
  std::optional<pqscope::access> access{};        ///< whether it may write
  /// Whether a serializable, read-only transaction waits for a snapshot it cannot fail with.
  std::optional<bool> deferrable{};
  /// Whether the transaction's id is asked for, in the round trips that are made anyway, so that a
  /// `commit_in_doubt` carries it and `resolve` can tell what became of it. A read-only transaction
  /// is never asked; one that has not written yet is asked again with its next statement.
  bool identify = true;
};

namespace detail {

/// The BEGIN statement that options come to.
inline std::string begin_text(transaction_options const& options) {
  constexpr char const* levels[] = {"READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ",
                                    "SERIALIZABLE"};
  std::string text = "BEGIN";
  if (options.isolation) {
    text += " ISOLATION LEVEL ";
    text += levels[static_cast<unsigned>(*options.isolation)];
  }
  if (options.access) {
    text += *options.access == access::read_only ? " READ ONLY" : " READ WRITE";
  }
  if (options.deferrable) {
    text += *options.deferrable ? " DEFERRABLE" : " NOT DEFERRABLE";
  }
  return text;
}

}  // namespace detail
}  // namespace pqscope

#endif
