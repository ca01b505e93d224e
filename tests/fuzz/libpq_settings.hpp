#ifndef PQSCOPE_TESTS_FUZZ_LIBPQ_SETTINGS_HPP
#define PQSCOPE_TESTS_FUZZ_LIBPQ_SETTINGS_HPP

#include "fuzz.hpp"

#include <pqscope/connection/config_text.hpp>
#include <pqscope/connection/keyword.hpp>
#include <pqscope/libpq/conninfo.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace fuzz {

using settings = std::map<std::string, std::string>;

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline settings to_map(std::vector<pqscope::libpq::keyword_value> const& list) {
  settings values;
  for (auto const& [keyword, value] : list) {
    values[keyword] = value;
  }
  return values;
}

inline settings to_map(pqscope::libpq::conninfo_result const& read) {
  settings values;
  for (auto const& option : read.options) {
    if (option.value) {
      values[option.keyword] = *option.value;
    }
  }
  return values;
}

/// The rules by which our readers differ from libpq's on purpose. One that holds means that there
/// is nothing to compare.
inline bool differs_on_purpose(pqscope::detail::read_settings const& ours,
                               pqscope::libpq::conninfo_result const& theirs) {
  // `database` is an alias of `dbname`, which libpq does not know.
  if (contains(theirs.error, "\"database\"")) {
    return true;
  }
  for (std::string const& problem : ours.problems) {
    // What PostgreSQL 7.3 had in place of sslmode is no keyword of libpq, which still translates
    // it.
    if (contains(problem, "\"requiressl\" is not a connection keyword") ||
        // An `@` that is not percent-encoded nearly always belongs to a password.
        contains(problem, "an '@' in the URL") ||
        // libpq looks for the `]` behind a slash or question mark too: no IPv6 address has one.
        contains(problem, "has no closing ']'")) {
      return true;
    }
  }
  return false;
}

/// A list of nothing but empty ports, which libpq keeps, says what no port says.
inline void forget_empty_ports(settings& values) {
  auto const port = values.find("port");
  if (port != values.end() && port->second.find_first_not_of(',') == std::string::npos) {
    values.erase(port);
  }
}

/// Compares what we read with what libpq reads.
inline void compare(pqscope::detail::read_settings const& ours,
                    pqscope::libpq::conninfo_result const& theirs) {
  if (differs_on_purpose(ours, theirs)) {
    return;
  }
  require(theirs.error.empty() || !ours.problems.empty(), "what libpq refuses is refused");
  require(!theirs.error.empty() || ours.problems.empty(), "what libpq takes is taken");
  if (ours.problems.empty()) {
    auto our_values = to_map(ours.settings);
    auto their_values = to_map(theirs);
    forget_empty_ports(our_values);
    forget_empty_ports(their_values);
    require(our_values == their_values, "libpq reads the same values");
  }
}

inline void check_written(pqscope::config const& made, std::string const& text) {
  auto const theirs = pqscope::libpq::parse_conninfo(text);
  require(theirs.error.empty(), "libpq takes what we write");
  auto our_values = to_map(pqscope::detail::settings_of(made, true));
  auto their_values = to_map(theirs);
  forget_empty_ports(our_values);
  forget_empty_ports(their_values);
  require(our_values == their_values, "libpq reads what we wrote");
}

/// A password that is put into inputs, but where these hold it themselves: libFuzzer comes upon it.
inline constexpr std::string_view secret = "PjqZ7mV";

/// Reads a config by `read`, writes it in both forms, and reads it again; checks that no message
/// holds the secret, if there is one.
template <class Read>
void check_config(Read const& read, bool has_secret) {
  std::optional<pqscope::config> made;
  try {
    made = read();
  } catch (pqscope::config_error const& error) {
    require(!has_secret || !contains(error.what(), secret), "no message holds a password");
    return;
  }
  std::string const url = made->url();
  std::string const conninfo = made->conninfo();
  require(pqscope::config::from_url(url) == *made, "the URL of a config makes an equal one");
  require(pqscope::config::from_conninfo(conninfo) == *made, "so does its connection string");
  check_written(*made, url);
  check_written(*made, conninfo);
  require(!has_secret || !contains(made->redacted(), secret) ||
              contains(made->without("password").conninfo(), secret),
          "what is printed holds no password");
}

}  // namespace fuzz

#endif
