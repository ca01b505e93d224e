#ifndef PQSCOPE_SESSION_HOLDER_HPP
#define PQSCOPE_SESSION_HOLDER_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/connection/pause.hpp>
#include <pqscope/session.hpp>
#include <pqscope/session_options.hpp>
#include <pqscope/session_source.hpp>
#include <pqscope/session_target.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace pqscope::detail {

/// A session with all it refers to, at an address that does not change.
class session_holder {
 public:
  session_holder(session_holder const&) = delete;
  session_holder& operator=(session_holder const&) = delete;
  virtual ~session_holder() = default;
  virtual session& scope() noexcept = 0;

 protected:
  explicit session_holder(session_options&& options) : options_{std::move(options)} {
    if (options_.deadline) {
      deadline_ = time_after(*options_.deadline);
    }
  }
  session_options const& options() const noexcept { return options_; }
  std::optional<libpq::clock::time_point> deadline() const noexcept { return deadline_; }

 private:
  session_options const options_;
  std::optional<libpq::clock::time_point> deadline_;
};

/// A session on something that gives connections; `Kept` is what has to live as long as it does.
template <class Kept>
class sourced_session final : public session_holder {
 public:
  template <class Db>
  sourced_session(Db& db, session_options options, std::source_location const& where)
      : session_holder{std::move(options)},
        on_{db},
        source_{open_source(on_)},
        scope_{source_, this->options(), this->deadline(), 1, where} {}
  session& scope() noexcept override { return scope_; }

 private:
  Kept on_;
  decltype(open_source(std::declval<std::remove_reference_t<Kept>&>())) source_;
  session scope_;
};

/// A session nested in another scope.
class nested_session final : public session_holder {
 public:
  template <class Outer>
  nested_session(Outer& outer, session_options&& options, std::source_location const& where)
      : session_holder{std::move(options)},
        scope_{outer, this->options(), this->deadline(), where} {}
  session& scope() noexcept override { return scope_; }

 private:
  session scope_;
};

/// A session on `db`, which is copied if it is a config or refers to something else.
template <class Db>
std::unique_ptr<session_holder> hold_session(Db& db, session_options&& options,
                                             std::source_location const& where) {
  if constexpr (nestable<Db>) {
    return std::unique_ptr<session_holder>{
        new nested_session{outer_of(db), std::move(options), where}};
  } else {
    using kept = std::conditional_t<copied_by_session<Db>, std::remove_const_t<Db>, Db&>;
    return std::unique_ptr<session_holder>{
        new sourced_session<kept>{db, options_for(db, options, where), where}};
  }
}

}  // namespace pqscope::detail

#endif
