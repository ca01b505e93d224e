#ifndef PQSCOPE_ENGINE_OPTIONS_HPP
#define PQSCOPE_ENGINE_OPTIONS_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/connection/observer.hpp>
#include <pqscope/pool/pool_options.hpp>
#include <pqscope/session_options.hpp>

#include <chrono>
#include <concepts>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pqscope {

/// Where a database is: converts implicitly from a `config`, and from a URL or connection string.
class database_address {
 public:
  /// The database that `to` leads to.
  database_address(config to) noexcept : to_{std::move(to)} {}
  /// The database of a URL, as `config::from_url` reads it, or of a connection string.
  /// \throws config_error if it cannot be read
  template <class Text>
    requires(std::convertible_to<Text const&, std::string_view> &&
             !std::same_as<std::remove_cvref_t<Text>, database_address>)
  database_address(Text const& text, std::source_location where = std::source_location::current())
      : to_{config::from_conninfo(text, detail::no_overrides(), where)} {}

  /// As a config.
  config const& target() const noexcept { return to_; }

 private:
  config to_;
};

/// How an engine works.
struct engine_options {
  pool_options pool{};        ///< of the primary, and of each replica
  session_options session{};  ///< what sessions leave at its default is taken from here
  /// Servers for `engine::reader()`, in any order.
  std::vector<database_address> replicas{};
  pqscope::observer* observer = nullptr;  ///< of all pools, unless `pool` names one
  /// How long a connection to one replica is waited for before the next one is tried.
  std::chrono::nanoseconds replica_timeout = std::chrono::seconds{1};
  /// How long a replica is left alone after it could not be reached.
  std::chrono::nanoseconds replica_pause = std::chrono::seconds{5};
};

}  // namespace pqscope

#endif
