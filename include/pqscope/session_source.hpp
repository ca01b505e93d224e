#ifndef PQSCOPE_SESSION_SOURCE_HPP
#define PQSCOPE_SESSION_SOURCE_HPP

#include <pqscope/connection/connection.hpp>

#include <optional>
#include <source_location>

namespace pqscope::detail {

/// Where a session takes its connection from, and what it goes back to.
class session_source {
 public:
  session_source() = default;
  session_source(session_source const&) = delete;
  session_source& operator=(session_source const&) = delete;

  /// A connection for one scope; throws where there is none to be had within `options`.
  virtual connection& take(connection_options const& options,
                           std::source_location const& where) = 0;
  /// Takes the connection back, in whatever state it is.
  virtual void give_back() noexcept = 0;
  /// Whether the connection it has given still exists: the caller's can be moved, or replaced.
  virtual bool has(connection_core const* core) noexcept = 0;
  /// Whether a lost connection can be replaced.
  virtual bool can_reconnect() const noexcept = 0;
  /// Where to ask about a commit in doubt; null where it is not known.
  virtual config const* target() const noexcept = 0;

 protected:
  ~session_source() = default;
};

/// Connects for the scope. Prepares nothing: that would not be of use for long, and be left behind
/// in a pooler's connection.
class config_source final : public session_source {
 public:
  explicit config_source(config const& to) noexcept : to_{to} {}

  connection& take(connection_options const& options, std::source_location const& where) override {
    connection_options once = options;
    once.statement_cache = 0;
    connection& opened = open_.emplace(to_, once, where);
    opened.deadline(std::nullopt);  // it bounded the way to the connection
    return opened;
  }
  void give_back() noexcept override { open_.reset(); }
  bool has(connection_core const* /*core*/) noexcept override { return open_.has_value(); }
  bool can_reconnect() const noexcept override { return true; }
  config const* target() const noexcept override { return &to_; }

 private:
  config const& to_;
  std::optional<connection> open_;
};

/// Uses a connection of the caller's.
class connection_source final : public session_source {
 public:
  explicit connection_source(connection& on) noexcept : on_{on} {}

  connection& take(connection_options const& /*options*/,
                   std::source_location const& /*where*/) override {
    return on_;
  }
  void give_back() noexcept override {}
  bool has(connection_core const* core) noexcept override {
    try {
      return &on_.core_for({}) == core;
    } catch (connection_closed const&) {
      return false;
    }
  }
  bool can_reconnect() const noexcept override { return false; }
  config const* target() const noexcept override { return on_.target(); }

 private:
  connection& on_;
};

inline config_source source_for(config const& to) noexcept {
  return config_source{to};
}
inline connection_source source_for(connection& on) noexcept {
  return connection_source{on};
}

}  // namespace pqscope::detail

#endif
