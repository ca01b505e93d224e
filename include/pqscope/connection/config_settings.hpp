#ifndef PQSCOPE_CONNECTION_CONFIG_SETTINGS_HPP
#define PQSCOPE_CONNECTION_CONFIG_SETTINGS_HPP

#include <pqscope/connection/config_declaration.hpp>
#include <pqscope/connection/keyword.hpp>
#include <pqscope/connection/port_list.hpp>
#include <pqscope/connection/url.hpp>
#include <pqscope/error/config_error.hpp>

#include <cstddef>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

namespace detail {

inline config const& no_overrides() {
  static config const none;
  return none;
}

/// The field of this keyword, null for `port`, `password` and all that live in `extra`.
template <class Config>
auto text_field(Config& of, std::string_view keyword) -> decltype(&of.host) {
  return keyword == "host"     ? &of.host
         : keyword == "dbname" ? &of.dbname
         : keyword == "user"   ? &of.user
                               : nullptr;
}

/// Sets a keyword to a value, whatever they are.
inline void put(config& target, std::string_view keyword, std::string_view value) {
  keyword = canonical_keyword(keyword);
  target.without(keyword);
  if (auto* const field = text_field(target, keyword)) {
    *field = value;
  } else if (keyword == "password") {
    target.password = value;
  } else if (std::optional<int> const port = keyword == "port" ? read_port(value) : std::nullopt) {
    target.port = port;
  } else {
    target.extra.push_back({std::string{keyword}, std::string{value}});
  }
}

/// What is wrong with one setting, empty if nothing is; without its value unless `show_value`.
inline std::string setting_problem(std::string_view keyword, std::string_view value,
                                   bool show_value) {
  if (!is_keyword(canonical_keyword(keyword))) {
    return unknown_keyword(keyword);
  }
  std::string const name{keyword};
  if (value.find('\0') != std::string_view::npos) {
    return name + ": the value has a NUL byte";
  }
  if (keyword == "port" && !is_port_list(value)) {
    return name + ": " + (show_value ? quoted_for_message(value) : "the value") + " is not " +
           std::string{expected_port};
  }
  if (canonical_keyword(keyword) == "dbname" && url_scheme_length(value) != 0) {
    return name + ": this is a URL, which from_url reads";
  }
  return {};
}

/// All that is set, each keyword once, fields first; with a fixed password if `with_secrets`.
inline std::vector<libpq::keyword_value> settings_of(config const& of, bool with_secrets) {
  std::vector<libpq::keyword_value> settings;
  for (std::string_view const keyword : {"host", "port", "dbname", "user", "password"}) {
    if (auto value = of.get(keyword); value && (with_secrets || keyword != "password")) {
      settings.push_back({std::string{keyword}, std::move(*value)});
    }
  }
  std::size_t const fields = settings.size();
  for (auto const& [name, value] : of.extra) {
    std::string_view const keyword = canonical_keyword(name);
    if (text_field(of, keyword) || keyword == "port" || keyword == "password" ||
        (!with_secrets && is_secret(keyword))) {
      continue;
    }
    for (std::size_t i = fields; i < settings.size(); ++i) {
      if (settings[i].keyword == keyword) {
        settings.erase(settings.begin() + static_cast<std::ptrdiff_t>(i));
        break;
      }
    }
    settings.push_back({std::string{keyword}, value});
  }
  return settings;
}

}  // namespace detail

inline config& config::with(std::string_view keyword, std::string_view value,
                            std::source_location where) & {
  if (std::string problem = detail::setting_problem(keyword, value, true); !problem.empty()) {
    throw config_error(std::move(problem), where);
  }
  detail::put(*this, keyword, value);
  return *this;
}

inline config config::with(std::string_view keyword, std::string_view value,
                           std::source_location where) && {
  return std::move(with(keyword, value, where));
}

inline config config::with(std::string_view keyword, std::string_view value,
                           std::source_location where) const& {
  config copy = *this;
  copy.with(keyword, value, where);
  return copy;
}

inline config& config::without(std::string_view keyword) & {
  keyword = detail::canonical_keyword(keyword);
  if (auto* const field = detail::text_field(*this, keyword)) {
    field->reset();
  } else if (keyword == "port") {
    port.reset();
  } else if (keyword == "password") {
    password.reset();
  }
  for (std::size_t i = extra.size(); i-- > 0;) {
    if (detail::canonical_keyword(extra[i].keyword) == keyword) {
      extra.erase(extra.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  return *this;
}

inline config config::without(std::string_view keyword) && {
  return std::move(without(keyword));
}

inline std::optional<std::string> config::get(std::string_view keyword) const {
  keyword = detail::canonical_keyword(keyword);
  if (auto const* const field = detail::text_field(*this, keyword); field && *field) {
    return **field;
  }
  if (keyword == "port" && port) {
    return std::to_string(*port);
  }
  if (keyword == "password" && password) {
    return password->is_callable() ? std::nullopt : std::optional{password->get()};
  }
  for (std::size_t i = extra.size(); i-- > 0;) {
    if (detail::canonical_keyword(extra[i].keyword) == keyword) {
      return extra[i].value;
    }
  }
  return std::nullopt;
}

inline config config::merged_with(config const& overrides) const {
  config merged = *this;
  for (auto const& [keyword, value] : detail::settings_of(overrides, true)) {
    detail::put(merged, keyword, value);
  }
  if (overrides.port) {
    merged.port = overrides.port;  // also one that is out of range, to be complained about later
  }
  if (overrides.password) {
    merged.password = overrides.password;
  }
  return merged;
}

inline std::vector<std::string> config::problems() const {
  std::vector<std::string> found;
  auto const add = [&found](std::string problem) {
    if (!problem.empty()) {
      found.push_back(std::move(problem));
    }
  };
  for (auto const& [keyword, value] : detail::settings_of(*this, true)) {
    add(detail::setting_problem(keyword, value, true));
  }
  auto const servers = get("hostaddr").value_or("").empty() ? get("host") : get("hostaddr");
  std::size_t const ports = detail::split_list(get("port").value_or("")).size();
  std::size_t const hosts = detail::split_list(servers.value_or("")).size();
  if (servers && !servers->empty() && ports != 1 && ports != hosts) {
    add("port: " + std::to_string(ports) + " ports for " + std::to_string(hosts) +
        (hosts == 1 ? " host" : " hosts"));
  }
  return found;
}

inline void config::validate(std::source_location where) const {
  if (std::vector<std::string> found = problems(); !found.empty()) {
    throw config_error(std::move(found), where);
  }
}

inline std::vector<libpq::keyword_value> config::connect_parameters(
    std::source_location where) const {
  validate(where);
  std::vector<libpq::keyword_value> parameters = detail::settings_of(*this, true);
  if (password && password->is_callable()) {
    parameters.push_back({"password", password->get()});
    if (parameters.back().value.find('\0') != std::string::npos) {
      throw config_error("password: the value has a NUL byte", where);
    }
  }
  if (!get("client_encoding")) {
    parameters.push_back({"client_encoding", "UTF8"});
  }
  if (!get("fallback_application_name")) {
    parameters.push_back({"fallback_application_name", "pqscope"});
  }
  return parameters;
}

/// Whether both set the same keywords to the same values; callable passwords are equal if they are
/// copies of one.
inline bool operator==(config const& a, config const& b) {
  auto const ours = detail::settings_of(a, true);
  bool same = ours.size() == detail::settings_of(b, true).size();
  for (auto const& [keyword, value] : ours) {
    same = same && b.get(keyword) == value;
  }
  bool const asks = a.password && a.password->is_callable();
  bool const other_asks = b.password && b.password->is_callable();
  return same && asks == other_asks && (!asks || *a.password == *b.password);
}

}  // namespace pqscope

#endif
