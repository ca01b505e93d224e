#ifndef PQSCOPE_ASYNC_SESSION_HPP
#define PQSCOPE_ASYNC_SESSION_HPP

#include <pqscope/async/scope.hpp>
#include <pqscope/mapping/tracked.hpp>
#include <pqscope/session.hpp>
#include <pqscope/session_objects.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>

namespace pqscope::async {

/// What `async::with_session` hands to the work it runs: a `pqscope::session` whose operations do
/// not block. Everything said there holds, and is carried out by it.
///
/// Neither copyable nor movable. One operation at a time.
class session : public detail::scope<session> {
 public:
  /// Used by `with_session`.
  session(pqscope::session& blocking, asio::any_io_executor executor,
          std::shared_ptr<detail::fiber> on, std::shared_ptr<detail::leftovers> left)
      : scope{std::move(executor), std::move(on), std::move(left)}, blocking_{&blocking} {}
  session(session&&) = delete;
  session& operator=(session&&) = delete;
  ~session() = default;

  /// As `pqscope::session::attempt`.
  int attempt() const noexcept { return blocking_->attempt(); }
  /// As `pqscope::session::label`.
  std::string const& label() const noexcept { return blocking_->label(); }
  /// As `pqscope::session::is_active`.
  bool is_active() const noexcept { return blocking_->is_active(); }
  /// As `pqscope::session::transaction_id`.
  std::optional<std::uint64_t> transaction_id() const noexcept {
    return blocking_->transaction_id();
  }
  /// As `pqscope::session::status`.
  connection_status status() const noexcept { return blocking_->status(); }
  /// As `pqscope::session::deadline`.
  template <class Limit>
    requires requires(pqscope::session& of, Limit limit) { of.deadline(limit); }
  session& deadline(Limit limit, std::source_location where = std::source_location::current()) {
    blocking_->deadline(limit, where);
    return *this;
  }
  /// As `pqscope::session::after_commit`; `function` is called where the session ends and may not
  /// be a coroutine.
  template <std::invocable Function>
  void after_commit(Function function,
                    std::source_location where = std::source_location::current()) {
    blocking_->after_commit(std::move(function), where);
  }
  /// As `pqscope::session::after_rollback`, likewise.
  template <std::invocable Function>
  void after_rollback(Function function,
                      std::source_location where = std::source_location::current()) {
    blocking_->after_rollback(std::move(function), where);
  }

  /// As `pqscope::session::commit`.
  operation<void> commit(std::source_location where = std::source_location::current()) {
    return perform([where](pqscope::session& on) { on.commit(where); }, where);
  }
  /// As `pqscope::session::rollback`.
  operation<void> rollback(std::source_location where = std::source_location::current()) {
    return perform([where](pqscope::session& on) { on.rollback(where); }, where);
  }
  /// As `pqscope::session::prepare`.
  operation<void> prepare(std::string gid,
                          std::source_location where = std::source_location::current()) {
    return perform(
        [own_gid = std::move(gid), where](pqscope::session& on) { on.prepare(own_gid, where); },
        where);
  }

  /// As `pqscope::session::add`. No round trip, but in a nested session that may take its
  /// connection.
  template <class T>
  operation<tracked<T>> add(T value, std::source_location where = std::source_location::current()) {
    return perform(
        [own_value = std::move(value), where](pqscope::session& on) mutable {
          return on.add(std::move(own_value), where);
        },
        where);
  }
  /// The same for an object that refers to another one.
  template <class T, class Parent>
  operation<tracked<T>> add(T value, tracked<Parent> parent,
                            std::source_location where = std::source_location::current()) {
    return perform(
        [own_value = std::move(value), own_parent = std::move(parent),
         where](pqscope::session& on) mutable {
          return on.add(std::move(own_value), own_parent, where);
        },
        where);
  }
  /// As `pqscope::session::get`.
  template <class T, class... Keys>
    requires(sizeof...(Keys) > 0)
  operation<tracked<T>> get(Keys const&... keys) {
    return perform([... kept = detail::kept_argument<Keys>{keys}](
                       pqscope::session& on) { return on.template get<T>(kept.get()...); },
                   std::source_location{});
  }
  /// As `pqscope::session::track`.
  template <class T>
  operation<tracked<T>> track(T value,
                              std::source_location where = std::source_location::current()) {
    return perform(
        [own_value = std::move(value), where](pqscope::session& on) mutable {
          return on.track(std::move(own_value), where);
        },
        where);
  }
  /// As `pqscope::session::remove`.
  template <class T>
  operation<void> remove(tracked<T> object,
                         std::source_location where = std::source_location::current()) {
    return perform([own_object = std::move(object),
                    where](pqscope::session& on) { on.remove(own_object, where); },
                   where);
  }
  /// As `pqscope::session::refresh`.
  template <class T>
  operation<void> refresh(tracked<T> object,
                          std::source_location where = std::source_location::current()) {
    return perform([own_object = std::move(object),
                    where](pqscope::session& on) { on.refresh(own_object, where); },
                   where);
  }
  /// As `pqscope::session::flush`.
  operation<void> flush(std::source_location where = std::source_location::current()) {
    return perform([where](pqscope::session& on) { on.flush(where); }, where);
  }

  /// Not for users.
  pqscope::session* behind(std::source_location const&) const noexcept { return blocking_; }

 private:
  pqscope::session* blocking_;
};

}  // namespace pqscope::async

#endif
