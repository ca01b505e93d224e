#ifndef PQSCOPE_ASYNC_UNIQUE_SESSION_HPP
#define PQSCOPE_ASYNC_UNIQUE_SESSION_HPP

#include <pqscope/async/heeded.hpp>
#include <pqscope/async/scope.hpp>
#include <pqscope/async/with_session.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/unique_session.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>

namespace pqscope::async {

/// A session that lasts as long as this object, as `pqscope::unique_session`:
///
///     auto s = db.begin();
///     co_await s.execute("INSERT INTO mytable (name) VALUES ($1)", name);
///     co_await s.commit();
///
/// What is not committed by the time this is destroyed is rolled back, which nobody waits for: its
/// connection comes back to the pool a moment later, and what it was opened on outlives that.
/// Movable, not copyable; moved from, every use is a `usage_error`. One operation at a time.
class unique_session : public detail::scope<unique_session> {
 public:
  /// Used by `async::engine::begin`.
  template <class Db>
  unique_session(asio::any_io_executor executor, Db& db, session_options options,
                 std::source_location where)
      : scope{executor, std::make_shared<detail::fiber>(executor)},
        held_{std::make_shared<holder>(db, std::move(options), where)} {}
  unique_session(unique_session&&) noexcept = default;
  /// Ends this one as its destructor does, and takes the other's session.
  unique_session& operator=(unique_session&& other) noexcept {
    leave();
    scope::operator=(std::move(other));
    held_ = std::move(other.held_);
    return *this;
  }
  ~unique_session() { leave(); }

  /// Whether it holds a session that has not ended.
  bool is_active() const noexcept { return held_ != nullptr && held_->session.is_active(); }
  /// As `pqscope::unique_session::transaction_id`. \throws usage_error if it was moved from
  std::optional<std::uint64_t> transaction_id() const { return behind({})->transaction_id(); }

  /// As `pqscope::unique_session::commit`.
  operation<void> commit(std::source_location where = std::source_location::current()) {
    return perform([where](pqscope::unique_session& on) { on.commit(where); }, where);
  }
  /// As `pqscope::unique_session::rollback`.
  operation<void> rollback(std::source_location where = std::source_location::current()) {
    return perform([where](pqscope::unique_session& on) { on.rollback(where); }, where);
  }

  /// Not for users.
  std::shared_ptr<pqscope::unique_session> behind(std::source_location const& where) const {
    if (held_ == nullptr) {
      throw usage_error("the session was moved from", where);
    }
    return {held_, &held_->session};
  }

 private:
  struct holder {
    template <class Db>
    holder(Db& db, session_options&& options, std::source_location const& where)
        : heed{std::move(options)}, session{db, heed.options(), where} {}
    detail::heeded<session_options> heed;
    pqscope::unique_session session;
  };

  void leave() noexcept {
    if (held_ == nullptr) {
      return;
    }
    if (!held_->session.is_active()) {
      held_.reset();
      return;
    }
    detail::run_detached(on(), [held = std::move(held_), left = left()]() mutable {
      left->leave();
      held.reset();
    });
  }

  std::shared_ptr<holder> held_;
};

/// Not for users: how a session nested in one is run.
inline detail::session_ground<pqscope::unique_session&> ground_of(unique_session& outer) {
  return {outer.get_executor(), outer.on(), *outer.behind({}), true, outer.left()};
}

}  // namespace pqscope::async

#endif
