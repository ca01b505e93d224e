#ifndef PQSCOPE_UNIQUE_SESSION_HPP
#define PQSCOPE_UNIQUE_SESSION_HPP

#include <pqscope/connection/statements.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/session.hpp>
#include <pqscope/session_holder.hpp>
#include <pqscope/session_options.hpp>
#include <pqscope/session_target.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope {

/// A session that lasts as long as this object, for code a lambda does not fit:
///
///     pqscope::unique_session s{db};
///     s.execute("INSERT INTO mytable (name) VALUES ($1)", name);
///     s.commit();
///
/// All of `session`'s members, `->` and `*` reach the session itself. What is not committed by the
/// time this is destroyed is rolled back. Nothing is run again: `session_options::retry` has no
/// effect here, and `attempt()` is 1, or that of the session it is nested in.
///
/// Movable, not copyable; moved from, every use is a `usage_error`. A `config` is copied, and what
/// `engine::reader` returns; all else it is opened on has to outlive it, and nested it has to end
/// before the outer one is used again.
class unique_session : public statements<unique_session> {
 public:
  /// Opens a session on an `engine`, `pool`, `config`, `connection`, `transaction`, `savepoint` or
  /// session. No round trip, no connection. The deadline begins to run.
  template <session_base Db>
    requires detail::outlives_its_session<Db>
  explicit unique_session(Db&& db, session_options options = {},
                          std::source_location where = std::source_location::current())
      : session_{detail::hold_session(db, std::move(options), where)} {}

  unique_session(unique_session&&) noexcept = default;
  /// Ends this one as its destructor does, and takes the other's session.
  unique_session& operator=(unique_session&&) noexcept = default;
  ~unique_session() = default;

  /// The session. \throws usage_error if it was moved from
  session& operator*() const { return held(); }
  /// The session. \throws usage_error if it was moved from
  session* operator->() const { return &held(); }

  /// As `session::attempt`.
  int attempt() const { return held().attempt(); }
  /// As `session::label`.
  std::string const& label() const { return held().label(); }
  /// Whether it holds a session that has not ended.
  bool is_active() const noexcept { return session_ != nullptr && session_->scope().is_active(); }
  /// As `session::transaction_id`.
  std::optional<std::uint64_t> transaction_id() const { return held().transaction_id(); }
  /// As `session::status`; `closed` when moved from.
  connection_status status() const noexcept {
    return session_ != nullptr ? session_->scope().status() : connection_status::closed;
  }

  /// As `session::commit`.
  void commit(std::source_location where = std::source_location::current()) {
    held(where).commit(where);
  }
  /// As `session::rollback`.
  void rollback(std::source_location where = std::source_location::current()) {
    held(where).rollback(where);
  }
  /// As `session::prepare`.
  void prepare(std::string_view gid, std::source_location where = std::source_location::current()) {
    held(where).prepare(gid, where);
  }
  /// As `session::after_commit`.
  template <std::invocable Function>
  void after_commit(Function function,
                    std::source_location where = std::source_location::current()) {
    held(where).after_commit(std::move(function), where);
  }
  /// As `session::after_rollback`.
  template <std::invocable Function>
  void after_rollback(Function function,
                      std::source_location where = std::source_location::current()) {
    held(where).after_rollback(std::move(function), where);
  }
  /// As `session::deadline`.
  template <class Limit>
    requires requires(session& of, Limit limit) { of.deadline(limit); }
  unique_session& deadline(Limit limit,
                           std::source_location where = std::source_location::current()) {
    held(where).deadline(limit, where);
    return *this;
  }
  /// As `session::canceller`.
  pqscope::canceller canceller(std::source_location where = std::source_location::current()) {
    return held(where).canceller(where);
  }
  /// As `session::backend_pid`.
  int backend_pid(std::source_location where = std::source_location::current()) {
    return held(where).backend_pid(where);
  }
  /// As `session::native_handle`.
  PGconn* native_handle(std::source_location where = std::source_location::current()) {
    return held(where).native_handle(where);
  }

  /// As `session::add`.
  template <class T>
  tracked<T> add(T value, std::source_location where = std::source_location::current()) {
    return held(where).add(std::move(value), where);
  }
  /// As `session::add`, for an object that refers to another one.
  template <class T, class Parent>
  tracked<T> add(T value, tracked<Parent> const& parent,
                 std::source_location where = std::source_location::current()) {
    return held(where).add(std::move(value), parent, where);
  }
  /// As `session::refer`.
  template <auto Member, class T, class Parent>
  void refer(tracked<T> const& child, tracked<Parent> const& parent,
             std::source_location where = std::source_location::current()) {
    held(where).template refer<Member>(child, parent, where);
  }
  /// As `session::get`.
  template <class T, class... Keys>
    requires(sizeof...(Keys) > 0)
  tracked<T> get(Keys const&... keys) {
    return held().template get<T>(keys...);
  }
  /// As `session::track`.
  template <class T>
  tracked<T> track(T value, std::source_location where = std::source_location::current()) {
    return held(where).track(std::move(value), where);
  }
  /// As `session::remove`.
  template <class T>
  void remove(tracked<T> const& object,
              std::source_location where = std::source_location::current()) {
    held(where).remove(object, where);
  }
  /// As `session::refresh`.
  template <class T>
  void refresh(tracked<T> const& object,
               std::source_location where = std::source_location::current()) {
    held(where).refresh(object, where);
  }
  /// As `session::flush`.
  void flush(std::source_location where = std::source_location::current()) {
    held(where).flush(where);
  }
  /// As `session::no_autoflush`.
  template <class Session = session>
  [[nodiscard]] auto no_autoflush() {
    return static_cast<Session&>(held()).no_autoflush();
  }

  /// Not for users: what statements and nested scopes work on.
  detail::connection_core& core_for(std::source_location const& where) {
    return held(where).core_for(where);
  }
  /// Not for users.
  detail::scope& scope_for_nesting() { return held().scope_for_nesting(); }
  /// Not for users.
  session& session_for_nesting() { return held(); }

 private:
  session& held(std::source_location const& where = {}) const {
    if (session_ == nullptr) {
      throw usage_error("the session was moved from", where);
    }
    return session_->scope();
  }

  std::unique_ptr<detail::session_holder> session_;
};

}  // namespace pqscope

#endif
