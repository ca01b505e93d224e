#ifndef PQSCOPE_ASYNC_SHARED_STATEMENT_HPP
#define PQSCOPE_ASYNC_SHARED_STATEMENT_HPP

#include <pqscope/async/completion.hpp>
#include <pqscope/connection/core_relay.hpp>
#include <pqscope/connection/core_types.hpp>
#include <pqscope/connection/result.hpp>
#include <pqscope/connection/row_collection.hpp>
#include <pqscope/connection/row_collector.hpp>
#include <pqscope/connection/row_plan.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/connection/rows.hpp>
#include <pqscope/libpq/parameters.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/wait.hpp>
#include <pqscope/sql/sql_view.hpp>
#include <pqscope/transfer/plain_statement.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <stop_token>
#include <utility>

namespace pqscope::async::detail {

/// A statement that waits for its turn, or for its answer, on a connection that others share. It
/// lives with who asked for it, until its completion has been called or dropped.
class shared_statement : public pqscope::detail::relayed_statement {
 public:
  shared_statement(sql_view const& asked, libpq::parameters const& bound,
                   libpq::value_format wanted) {
    text = asked;
    parameters = bound;
    format = wanted;
    pqscope::detail::require_plain(asked, "shared connections");
  }
  shared_statement(shared_statement const&) = delete;
  shared_statement& operator=(shared_statement const&) = delete;

  // What follows is its line's, under the mutex of all.
  completion_ptr waiting{};                       ///< who asked for it
  std::uint64_t number = 0;                       ///< tells it from others
  libpq::clock::time_point until = libpq::never;  ///< when its time is over
  bool interrupted = false;                       ///< nobody wants it any more
  std::optional<std::stop_source> stops{};        ///< while it is carried out alone
  shared_statement* before = nullptr;             ///< in its list
  shared_statement* behind = nullptr;             ///< in its list

  /// Makes of the answer what was asked for; false where the server has to be asked first what some
  /// type is. Does not throw: notes the failure.
  virtual bool read(pqscope::detail::connection_core& core) noexcept = 0;
  /// The same, with the connection for itself. Throws what that throws.
  virtual void read_alone(pqscope::detail::connection_core& core) = 0;
  /// Carries it out, and reads, with the connection for itself.
  void carry_out_alone(pqscope::detail::connection_core& core) noexcept {
    try {
      if (!answer) {
        answer = core.run({.text = text.text, .parameters = parameters, .format = format}, text);
      }
      read_alone(core);
    } catch (...) {
      failure = std::current_exception();
    }
  }

 protected:
  ~shared_statement() = default;
};

/// One whose rows are wanted.
template <class Row>
class shared_query final : public shared_statement {
  using shape = pqscope::detail::row_shape<Row>;

 public:
  shared_query(sql_view const& asked, libpq::parameters const& bound)
      : shared_statement{asked, bound, libpq::value_format::binary} {}

  bool read(pqscope::detail::connection_core& core) noexcept override {
    try {
      pqscope::detail::row_collection<Row, shape> made;
      made.result = std::move(answer);
      if (pqscope::detail::plan_known_row(made.view(), shape::fields(), shape::by_name, made.plan,
                                          types_of(core, false), made.types)) {
        rows_ = {std::move(made), text.where};
        return true;
      }
      answer = std::move(made.result);
      return false;
    } catch (...) {
      failure = std::current_exception();
      return true;
    }
  }
  void read_alone(pqscope::detail::connection_core& core) override {
    rows_ = {std::move(answer), text.where, types_of(core)};
  }
  /// The rows. Throws its failure.
  rows<Row> take() {
    if (failure) {
      std::rethrow_exception(std::exchange(failure, nullptr));
    }
    return std::move(rows_);
  }

 private:
  rows<Row> rows_{};
};

/// One whose result is wanted as it is.
class shared_execution final : public shared_statement {
 public:
  shared_execution(sql_view const& asked, libpq::parameters const& bound)
      : shared_statement{asked, bound, libpq::value_format::text} {}

  bool read(pqscope::detail::connection_core&) noexcept override { return true; }
  void read_alone(pqscope::detail::connection_core&) override {}
  /// The result. Throws its failure.
  result take() {
    if (failure) {
      std::rethrow_exception(std::exchange(failure, nullptr));
    }
    return result{std::move(answer)};
  }
};

}  // namespace pqscope::async::detail

#endif
