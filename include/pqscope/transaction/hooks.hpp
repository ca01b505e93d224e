#ifndef PQSCOPE_TRANSACTION_HOOKS_HPP
#define PQSCOPE_TRANSACTION_HOOKS_HPP

#include <pqscope/connection/callback.hpp>

#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// What is to be called when the outcome of a transaction is known.
struct hooks {
  using list = std::vector<callback<void()>>;
  list after_commit;
  list after_rollback;

  /// Takes over what a nested scope leaves behind.
  void adopt(hooks&& nested) {
    append(after_commit, nested.after_commit);
    append(after_rollback, nested.after_rollback);
  }

  /// Calls each once, in order; what the first to throw threw leaves when all have been called.
  static void run(list due) {
    std::exception_ptr first;
    for (callback<void()>& each : due) {
      try {
        each();
      } catch (...) {
        if (!first) {
          first = std::current_exception();
        }
      }
    }
    if (first) {
      std::rethrow_exception(first);
    }
  }

 private:
  static void append(list& to, list& from) {
    std::size_t const before = to.size();
    to.resize(before + from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      to[before + i] = std::move(from[i]);
    }
    from.clear();
  }
};

}  // namespace pqscope::detail

#endif
