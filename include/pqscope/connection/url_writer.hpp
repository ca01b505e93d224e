#ifndef PQSCOPE_CONNECTION_URL_WRITER_HPP
#define PQSCOPE_CONNECTION_URL_WRITER_HPP

#include <pqscope/connection/ascii.hpp>
#include <pqscope/connection/percent.hpp>
#include <pqscope/libpq/keyword_value.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope::detail {

/// Writes settings as a URL that gives the very same settings when read again.
///
/// What the parts before the `?` cannot express (empty values, one port for several hosts) becomes
/// a query parameter.
class url_writer {
 public:
  /// Writes `settings`, in which each keyword occurs once.
  static std::string write(std::vector<libpq::keyword_value> const& settings) {
    return url_writer{settings}.run();
  }

 private:
  explicit url_writer(std::vector<libpq::keyword_value> const& settings) : settings_{settings} {}

  std::string run() {
    std::string url = "postgresql://";
    std::string_view const user = take("user");
    std::string_view const password = take("password");
    percent_encode(url, user);
    if (!password.empty()) {
      url += ':';
      percent_encode(url, password);
    }
    if (!user.empty() || !password.empty()) {
      url += '@';
    }
    write_hosts(url);
    if (std::string_view const dbname = take("dbname"); !dbname.empty()) {
      url += '/';
      percent_encode(url, dbname);
    }
    char separator = '?';
    for (auto const& setting : settings_) {
      if (!is_taken(setting)) {
        url += separator;
        percent_encode(url, setting.keyword);
        url += '=';
        percent_encode(url, setting.value);
        separator = '&';
      }
    }
    return url;
  }

  void write_hosts(std::string& url) {
    auto const hosts = split_list(value("host"));
    auto const ports = split_list(value("port"));
    bool const with_ports = hosts.size() == ports.size() && are_ports(ports);
    take("host");
    if (with_ports) {
      take("port");
    }
    for (std::size_t i = 0; i < hosts.size(); ++i) {
      if (i != 0) {
        url += ',';
      }
      write_host(url, hosts[i]);
      if (with_ports && !ports[i].empty()) {
        url += ':';
        url += ports[i];
      }
    }
  }

  static void write_host(std::string& url, std::string_view host) {
    std::string_view const address = host.substr(0, host.find('%'));
    if (address.find(':') == std::string_view::npos ||
        address.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) {
      percent_encode(url, host);
      return;
    }
    url += '[';
    url += address;
    percent_encode(url, host.substr(address.size()));  // the zone of an IPv6 address
    url += ']';
  }

  /// Whether all items are made of digits, and not all of them are empty.
  static bool are_ports(std::vector<std::string_view> const& ports) noexcept {
    bool has_digit = false;
    for (std::string_view const port : ports) {
      for (char const c : port) {
        if (!is_digit(c)) {
          return false;
        }
        has_digit = true;
      }
    }
    return has_digit;
  }

  std::string_view value(std::string_view keyword) const noexcept {
    for (auto const& setting : settings_) {
      if (setting.keyword == keyword) {
        return setting.value;
      }
    }
    return {};
  }

  /// The value of `keyword`; written before the `?` and so no more a query parameter, unless empty.
  std::string_view take(std::string_view keyword) {
    std::string_view const found = value(keyword);
    if (!found.empty()) {
      taken_.push_back(keyword);
    }
    return found;
  }

  bool is_taken(libpq::keyword_value const& setting) const noexcept {
    for (std::string_view const keyword : taken_) {
      if (keyword == setting.keyword) {
        return true;
      }
    }
    return false;
  }

  std::vector<libpq::keyword_value> const& settings_;
  std::vector<std::string_view> taken_;
};

}  // namespace pqscope::detail

#endif
