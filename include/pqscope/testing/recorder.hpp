#ifndef PQSCOPE_TESTING_RECORDER_HPP
#define PQSCOPE_TESTING_RECORDER_HPP

#include <pqscope/connection/observer.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope::testing {

/// A statement that was answered, skipped or lost.
struct recorded_statement {
  std::string text;                                    ///< the SQL
  std::string command_tag;                             ///< the server's; empty on error
  std::string sqlstate;                                ///< of its error; empty without one
  std::uint64_t rows = 0;                              ///< returned or affected
  bool carried_out = false;                            ///< answered with success
  statement_origin origin = statement_origin::caller;  ///< who wanted it
  std::source_location where{};                        ///< the caller's place
};

/// An observer that keeps what it is told, for tests: statements in the order they were sent, the
/// round trips they took, notices and problems. May watch several connections; thread-safe.
class recorder : public observer {
 public:
  /// The statements of callers and scopes, as they were sent: `BEGIN`, `INSERT …`, `COMMIT`. What
  /// the library asks for itself is left out.
  std::vector<std::string> statements() const {
    std::scoped_lock const lock{mutex_};
    std::vector<std::string> texts;
    for (recorded_statement const& each : statements_) {
      if (each.origin != statement_origin::internal) {
        texts.push_back(each.text);
      }
    }
    return texts;
  }
  /// Everything that was sent, in order, with what came of it.
  std::vector<recorded_statement> details() const {
    std::scoped_lock const lock{mutex_};
    return statements_;
  }
  /// Round trips so far; connecting is not counted.
  std::size_t round_trips() const {
    std::scoped_lock const lock{mutex_};
    return round_trips_;
  }
  /// Connections that were opened.
  std::size_t connects() const {
    std::scoped_lock const lock{mutex_};
    return connects_;
  }
  /// How each transaction ended, in order.
  std::vector<transaction_end> transactions() const {
    std::scoped_lock const lock{mutex_};
    return transactions_;
  }
  /// The messages of notices and warnings.
  std::vector<std::string> notices() const {
    std::scoped_lock const lock{mutex_};
    return notices_;
  }
  /// What went wrong where no exception could tell.
  std::vector<std::string> problems() const {
    std::scoped_lock const lock{mutex_};
    return problems_;
  }
  /// Forgets everything.
  void clear() {
    std::scoped_lock const lock{mutex_};
    statements_.clear();
    transactions_.clear();
    notices_.clear();
    problems_.clear();
    round_trips_ = 0;
    connects_ = 0;
  }

  /// Keeps a statement.
  void statement_ended(statement_event const& event) override {
    std::scoped_lock const lock{mutex_};
    statements_.push_back({std::string{event.text}, std::string{event.command_tag},
                           std::string{event.sqlstate}, event.rows, event.carried_out, event.origin,
                           event.where});
  }
  /// Counts a round trip.
  void round_trip() override {
    std::scoped_lock const lock{mutex_};
    ++round_trips_;
  }
  /// Counts a connection.
  void connect_ended(connect_event const& event) override {
    std::scoped_lock const lock{mutex_};
    connects_ += event.error.empty() ? 1U : 0U;
  }
  /// Keeps how a transaction ended.
  void transaction_ended(transaction_event const& event) override {
    std::scoped_lock const lock{mutex_};
    transactions_.push_back(event.end);
  }
  /// Keeps a notice.
  void notice(diagnostics const& fields) override {
    std::scoped_lock const lock{mutex_};
    notices_.push_back(fields.message);
  }
  /// Keeps a problem.
  void problem(std::string_view what) override {
    std::scoped_lock const lock{mutex_};
    problems_.emplace_back(what);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<recorded_statement> statements_;
  std::vector<transaction_end> transactions_;
  std::vector<std::string> notices_;
  std::vector<std::string> problems_;
  std::size_t round_trips_ = 0;
  std::size_t connects_ = 0;
};

}  // namespace pqscope::testing

#endif
