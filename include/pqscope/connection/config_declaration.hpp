#ifndef PQSCOPE_CONNECTION_CONFIG_DECLARATION_HPP
#define PQSCOPE_CONNECTION_CONFIG_DECLARATION_HPP

#include <pqscope/connection/password_source.hpp>
#include <pqscope/libpq/keyword_value.hpp>

#include <concepts>
#include <iosfwd>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

struct config;
struct env_options;

namespace detail {
/// A config with nothing set.
config const& no_overrides();
/// The options of `config::from_env()`.
env_options const& default_env_options();
}  // namespace detail

/// Where and as whom to connect: a plain value.
///
///     pqscope::config a{.host = "localhost", .port = 5432, .dbname = "app", .user = "me"};
///     a.with("application_name", "billing").with("connect_timeout", 3);
///
/// Unset is not empty: what is unset is left to libpq (`PG...` variables, service file, password
/// file, defaults). Values reach libpq as they are, never through a text that is parsed again.
/// Printing shows no password; `url()`, `conninfo()`, `get()` and `connect_parameters()` do.
///
/// Throws `config_error` where it says so, with every problem at once, the keys at fault and no
/// secret. Copies are independent but for a callable password, which they share. Safe to read from
/// several threads.
struct config {
  std::optional<std::string> host{};    ///< name, address, socket folder, or a list of them: `a,b`
  std::optional<int> port{};            ///< one port; a list of them is `with("port", "5432,5433")`
  std::optional<std::string> dbname{};  ///< the database
  std::optional<std::string> user{};    ///< the role
  std::optional<password_source> password{};  ///< a text, or a callable asked at each connect
  std::vector<libpq::keyword_value> extra{};  ///< further keywords; later ones and fields win

  /// Reads `postgresql://`, `postgres://` or `postgresql+anydriver://`, all else as libpq does:
  /// percent-encoding, several hosts, IPv6 in brackets, sockets (`%2Fvar%2Frun`, `?host=/tmp`), any
  /// keyword as a query parameter. `database` is another name of `dbname`. What `overrides` has set
  /// wins.
  ///
  /// Throws `config_error`; no part of the URL that may belong to a password is in it. For that
  /// reason an `@` behind the user and password that is not percent-encoded is refused.
  static config from_url(std::string_view url, config const& overrides = detail::no_overrides(),
                         std::source_location where = std::source_location::current());

  /// Reads a connection string of keywords and values, quoted as libpq has it, or a URL. `database`
  /// is another name of `dbname`. What `overrides` has set wins. Throws `config_error`.
  static config from_conninfo(std::string_view conninfo,
                              config const& overrides = detail::no_overrides(),
                              std::source_location where = std::source_location::current());

  /// Reads `DB_HOST DB_PORT DB_USER DB_PASSWORD DB_NAME` from the environment, and `DB_` followed
  /// by any keyword of libpq (`DB_SSLMODE`); `env_options` names other sources. Throws
  /// `config_error`.
  static config from_env(env_options const& options = detail::default_env_options(),
                         std::source_location where = std::source_location::current());

  /// Sets any keyword of libpq, or `database` for `dbname`, in place of what it was.
  ///
  /// Throws `config_error`, and changes nothing, if libpq has no such keyword, a port is none, or
  /// the value has a NUL byte. Whether libpq likes other values shows at connect.
  config& with(std::string_view keyword, std::string_view value,
               std::source_location where = std::source_location::current()) &;
  /// The same for a temporary.
  config with(std::string_view keyword, std::string_view value,
              std::source_location where = std::source_location::current()) &&;
  /// A copy with it, of a constant.
  [[nodiscard]] config with(std::string_view keyword, std::string_view value,
                            std::source_location where = std::source_location::current()) const&;
  /// The same for a number; a `bool` becomes 1 or 0.
  template <std::integral Number>
  config& with(std::string_view keyword, Number value,
               std::source_location where = std::source_location::current()) & {
    return with(keyword, std::string_view{std::to_string(value)}, where);
  }
  /// The same for a number and a constant.
  template <std::integral Number>
  [[nodiscard]] config with(std::string_view keyword, Number value,
                            std::source_location where = std::source_location::current()) const& {
    return with(keyword, std::string_view{std::to_string(value)}, where);
  }
  /// The same for a number and a temporary.
  template <std::integral Number>
  config with(std::string_view keyword, Number value,
              std::source_location where = std::source_location::current()) && {
    return std::move(with(keyword, std::string_view{std::to_string(value)}, where));
  }

  /// Unsets a keyword; nothing happens if it is not set or does not exist.
  config& without(std::string_view keyword) &;
  /// The same for a temporary.
  config without(std::string_view keyword) &&;

  /// The value of a keyword; nothing where it is unset, or is a password that is asked for.
  std::optional<std::string> get(std::string_view keyword) const;

  /// This config with everything that `overrides` has set in place of its own.
  config merged_with(config const& overrides) const;

  /// As a percent-encoded URL, **with** the password; `from_url` makes an equal config of it. A
  /// callable password is left out.
  std::string url() const;

  /// As `url()`, without the password and other secrets.
  std::string redacted() const;

  /// As a connection string for libpq, **with** the password, each value quoted; `from_conninfo`
  /// makes an equal config of it. A callable password is left out.
  std::string conninfo() const;

  /// What is wrong, one sentence each without secrets: unknown keywords, ports that are none or do
  /// not match the hosts, NUL bytes, a database that looks like a connection string.
  std::vector<std::string> problems() const;

  /// Throws `config_error` with all `problems()`, if there are any.
  void validate(std::source_location where = std::source_location::current()) const;

  /// The keywords and values to connect with, not to be expanded further: what is set, with the
  /// password, asked for now if it is a callable; and, unless set, `client_encoding` `UTF8` and
  /// `fallback_application_name` `pqscope`.
  ///
  /// libpq itself takes an empty value for an unset one here. Throws `config_error` if there are
  /// `problems()`, and what a callable password throws.
  std::vector<libpq::keyword_value> connect_parameters(
      std::source_location where = std::source_location::current()) const;

  /// Whether both set the same keywords to the same values; callable passwords are equal if they
  /// are copies of one.
  friend bool operator==(config const& a, config const& b);

  /// Prints `redacted()`.
  friend std::ostream& operator<<(std::ostream& out, config const& value);
};

}  // namespace pqscope

#endif
