#ifndef PQSCOPE_CONNECTION_CORE_QUESTIONS_HPP
#define PQSCOPE_CONNECTION_CORE_QUESTIONS_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/failure.hpp>
#include <pqscope/connection/loops.hpp>
#include <pqscope/connection/statement_report.hpp>
#include <pqscope/libpq/diagnostics.hpp>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/status.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <atomic>
#include <cstddef>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope::detail {

/// A question of the library's own: requests that only make sense together.
///
/// What they borrow lives until it has been answered. Where one is refused, those before it have
/// their answers nevertheless, and `refusal` is the server's reason.
struct question {
  std::vector<libpq::request> parts{};
  std::optional<diagnostics> refusal{};  ///< once asked
};

/// Asks questions that leave nothing behind: in a transaction all happens in a savepoint that is
/// rolled back, so that a question the server refuses does not fail the transaction.
///
/// One round trip, one more for each question that is refused, and one ahead of them for what is
/// due (a BEGIN). A refusal that has nothing to do with the question itself, such as a deadlock or
/// a cancelled one, is thrown as for any statement.
///
/// A template so that only programs that use it compile it.
template <class = void>
class core_questions {
 public:
  /// Takes the connection until it is destroyed.
  core_questions(connection_core& core, std::source_location const& where)
      : core_{core}, where_{where}, use_{core, where} {
    if (core_.innermost != nullptr) {
      core_.require_transaction(where);
    }
    if (core_.has_queue()) {
      core_.flush_queue(where);
    }
    inside_ = libpq::state_of(core_.handle_) != libpq::transaction_state::idle;
  }

  /// Asks all of them. `setting` is a statement that goes ahead of them, if not null, and has its
  /// effect on them alone.
  void ask(std::span<question> questions, char const* setting = nullptr) {
    std::size_t next = 0;
    char const* begin = "SAVEPOINT pqscope_questions";
    while (next < questions.size() || (inside_ && next != 0)) {
      std::size_t const first = make_requests(questions.subspan(next), begin, setting);
      std::optional<std::size_t> const failed = exchange();
      std::size_t index = first;
      std::size_t at = next;
      for (; at < questions.size(); ++at) {
        std::size_t const size = questions[at].parts.size();
        for (std::size_t i = 0; i < size; ++i) {
          questions[at].parts[i].answer = std::move(core_.requests_[index + i].answer);
        }
        index += size;
        if (failed && *failed < index) {
          break;
        }
      }
      if (!failed) {
        break;
      }
      if (*failed < first || at == questions.size() || !is_about_the_question(*failed)) {
        fail(libpq::outcome::failed, libpq::drive_result::done);
      }
      questions[at].refusal = describe_failure(core_.requests_[*failed]);
      next = at + 1;
      begin = "ROLLBACK TO SAVEPOINT pqscope_questions";
    }
    core_.requests_.clear();
  }

  /// Version of the server, as libpq counts it.
  int server_version() const noexcept { return libpq::server_version(core_.handle_); }
  /// A name for a prepared statement that no other one on the connection has.
  std::string statement_name() {
    return core_.cache_.prefix() + "question_" + std::to_string(++names_);
  }

 private:
  /// Answers which request is the first of a question.
  std::size_t make_requests(std::span<question const> questions, char const* begin,
                            char const* setting) {
    std::vector<libpq::request>& requests = core_.requests_;
    auto const add = [&](char const* text) { requests.push_back({.text = text, .is_own = true}); };
    requests.clear();
    if (inside_) {
      add(begin);
    }
    if (setting != nullptr) {
      add(setting);
    }
    std::size_t const first = requests.size();
    for (question const& each : questions) {
      for (libpq::request const& part : each.parts) {
        requests.push_back({.kind = part.kind,
                            .text = part.text,
                            .name = part.name,
                            .parameters = part.parameters,
                            .is_own = true});
      }
    }
    if (inside_) {
      add("ROLLBACK TO SAVEPOINT pqscope_questions");
      add("RELEASE SAVEPOINT pqscope_questions");
    }
    return first;
  }

  /// One round trip. Answers which request the server has refused, nothing if none.
  std::optional<std::size_t> exchange() {
    libpq::limit const bound = core_.require_time(where_);
    sql_view const nothing{.where = where_};
    statement_report const report{core_.notices_, core_.requests_, core_.requests_.size(), nothing,
                                  statement_origin::internal};
    auto const start = report ? libpq::clock::now() : libpq::clock::time_point{};
    report.started();
    ++core_.round_trips_;
    libpq::exchange exchange{core_.handle_, core_.requests_, core_.patience.drain};
    libpq::drive_result const drove = libpq::drive(exchange, bound);
    bool const finished =
        drove == libpq::drive_result::done ||
        recover(core_.handle_, exchange, core_.patience) == libpq::drive_result::done;
    libpq::outcome const outcome = finished ? exchange.result() : libpq::outcome::lost;
    bool const intact = outcome == libpq::outcome::completed || outcome == libpq::outcome::failed;
    core_.last_end_ = intact                ? exchange_end::answered
                      : exchange.was_sent() ? exchange_end::unknown
                                            : exchange_end::unsent;
    if (!intact) {
      core_.poison();
    }
    if (report) {
      report.ended(libpq::clock::now() - start);
    }
    if (!finished) {
      throw_interrupted(drove, true, false, where_);
    }
    if (outcome == libpq::outcome::completed) {
      return std::nullopt;
    }
    libpq::request const* const failed = first_failure(core_.requests_);
    if (outcome != libpq::outcome::failed || drove != libpq::drive_result::done ||
        failed == nullptr) {
      fail(outcome, drove);
    }
    return static_cast<std::size_t>(failed - core_.requests_.data());
  }

  /// Whether a refusal says something about what was asked, and not about the circumstances.
  /// Source: PostgreSQL, "Error Codes".
  bool is_about_the_question(std::size_t failed) const noexcept {
    constexpr std::string_view circumstances[] = {"08", "25", "40", "53", "55",
                                                  "57", "58", "F0", "XX", ""};
    std::string_view const kind = libpq::sqlstate_of(core_.requests_[failed].error).substr(0, 2);
    return !contains(circumstances, kind);
  }

  [[noreturn]] void fail(libpq::outcome outcome, libpq::drive_result drove) {
    core_.judge_failure();
    core_.fail(outcome, drove, core_.requests_.size(), {.where = where_});
  }

  static inline std::atomic<unsigned> names_{0};

  connection_core& core_;
  std::source_location where_;
  core_use use_;
  bool inside_ = false;
};

}  // namespace pqscope::detail

#endif
