#ifndef PQSCOPE_ERROR_STALE_ROW_HPP
#define PQSCOPE_ERROR_STALE_ROW_HPP

#include <pqscope/error/error.hpp>

#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

/// A row that was to be changed is not what was loaded: somebody else has changed its `version`
/// since, or it is gone. Nothing of the flush has an effect. The connection is usable.
class stale_row : public error {
 public:
  /// Makes an error for a row of `table`.
  explicit stale_row(std::string_view table, std::source_location where = {})
      : error("a row of " + std::string{table} +
                  " was changed or deleted by somebody else since it was loaded",
              where),
        table_{table} {}

  /// The table's name.
  std::string const& table() const noexcept { return table_; }

 private:
  std::string table_;
};

}  // namespace pqscope

#endif
