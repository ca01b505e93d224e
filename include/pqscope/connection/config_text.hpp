#ifndef PQSCOPE_CONNECTION_CONFIG_TEXT_HPP
#define PQSCOPE_CONNECTION_CONFIG_TEXT_HPP

#include <pqscope/connection/config_declaration.hpp>
#include <pqscope/connection/config_settings.hpp>
#include <pqscope/connection/conninfo_text.hpp>
#include <pqscope/connection/url.hpp>
#include <pqscope/connection/url_writer.hpp>
#include <pqscope/error/config_error.hpp>

#include <ostream>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

namespace detail {

/// Makes a config of what was read, adding to `problems` what is wrong with it. No value is shown:
/// in a URL or a connection string without its quotes it may be a part of the password.
inline config config_of(read_settings read, config const& overrides,
                        std::vector<std::string>& problems) {
  config made;
  for (std::string& problem : read.problems) {
    problems.push_back(std::move(problem));
  }
  for (auto const& [keyword, value] : read.settings) {
    if (std::string problem = setting_problem(keyword, value, false);
        !problem.empty() && !overrides.get(keyword)) {
      problems.push_back(std::move(problem));
    } else {
      put(made, keyword, value);
    }
  }
  return made;
}

/// Throws what was wrong, or merges and checks the whole.
inline config finished(config const& made, config const& overrides,
                       std::vector<std::string> problems, std::source_location where) {
  config merged = made.merged_with(overrides);
  for (std::string& problem : merged.problems()) {
    problems.push_back(std::move(problem));
  }
  if (!problems.empty()) {
    throw config_error(std::move(problems), where);
  }
  return merged;
}

}  // namespace detail

inline config config::from_url(std::string_view url, config const& overrides,
                               std::source_location where) {
  std::vector<std::string> problems;
  config const made = detail::config_of(detail::url_reader::read(url), overrides, problems);
  return detail::finished(made, overrides, std::move(problems), where);
}

inline config config::from_conninfo(std::string_view conninfo, config const& overrides,
                                    std::source_location where) {
  if (detail::looks_like_url(conninfo)) {
    return from_url(conninfo, overrides, where);
  }
  std::vector<std::string> problems;
  config const made =
      detail::config_of(detail::conninfo_reader::read(conninfo), overrides, problems);
  return detail::finished(made, overrides, std::move(problems), where);
}

inline std::string config::url() const {
  return detail::url_writer::write(detail::settings_of(*this, true));
}

inline std::string config::redacted() const {
  return detail::url_writer::write(detail::settings_of(*this, false));
}

inline std::string config::conninfo() const {
  return detail::write_conninfo(detail::settings_of(*this, true));
}

/// Prints `config::redacted()`.
inline std::ostream& operator<<(std::ostream& out, config const& value) {
  return out << value.redacted();
}

}  // namespace pqscope

#endif
