#ifndef PQSCOPE_CONNECTION_URL_HPP
#define PQSCOPE_CONNECTION_URL_HPP

#include <pqscope/connection/ascii.hpp>
#include <pqscope/connection/keyword.hpp>
#include <pqscope/connection/percent.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// The length of `postgresql://`, `postgres://` or either with `+driver`, 0 if `text` begins with
/// none of them.
constexpr std::size_t url_scheme_length(std::string_view text) noexcept {
  std::size_t length = 0;
  if (text.starts_with("postgresql")) {
    length = 10;
  } else if (text.starts_with("postgres")) {
    length = 8;
  } else {
    return 0;
  }
  if (length < text.size() && text[length] == '+') {
    std::size_t const driver = ++length;
    while (length < text.size() && is_word(text[length])) {
      ++length;
    }
    if (length == driver) {
      return 0;
    }
  }
  return text.substr(length).starts_with("://") ? length + 3 : 0;
}

/// Whether `text` is written as a URL, of whatever scheme.
constexpr bool looks_like_url(std::string_view text) noexcept {
  std::size_t const end = text.find_first_of("= \t\r\n'");
  return text.substr(0, end).find("://") != std::string_view::npos;
}

/// Reads a connection URL as libpq does, with `+driver` and `database` besides.
///
/// Stricter than libpq in two points: an `@` in the host or the path is refused, as it nearly
/// always comes from a password that was not percent-encoded, and so is a `/` or `?` in the
/// brackets of an IPv6 address. Problems name keywords and offsets, never a part of the URL that
/// could belong to a password. Source: libpq, "Connection URIs".
class url_reader {
 public:
  /// Reads `url`.
  static read_settings read(std::string_view url) {
    url_reader reader{url};
    reader.run();
    resolve_database_alias(reader.result_);
    return std::move(reader.result_);
  }

 private:
  explicit url_reader(std::string_view url) : url_{url} {}

  void run() {
    std::size_t begin = url_scheme_length(url_);
    if (begin == 0) {
      problem("the URL does not begin with postgresql://, postgres:// or postgresql+driver://");
      return;
    }
    std::size_t const stop = url_.find_first_of("@/", begin);
    if (stop != std::string_view::npos && url_[stop] == '@') {
      read_user(begin, stop);
      begin = stop + 1;
    }
    std::size_t const authority_end = end_of(url_.find_first_of("/?", begin));
    std::size_t const path_end = end_of(url_.find('?', authority_end));
    std::size_t const stray = url_.find('@', begin);
    stray_at_ = stray != std::string_view::npos;
    if (stray < path_end) {
      problem("an '@' in the URL at offset " + std::to_string(stray) +
              " is neither the one after user and password nor percent-encoded (as %40)");
      return;
    }
    read_hosts(begin, authority_end);
    if (authority_end + 1 < path_end) {
      store("dbname", decoded(authority_end + 1, path_end));
    }
    if (path_end < url_.size()) {
      read_query(path_end + 1);
    }
  }

  void read_user(std::size_t begin, std::size_t end) {
    std::size_t colon = url_.find(':', begin);
    colon = colon < end ? colon : end;
    if (begin < colon) {
      store("user", decoded(begin, colon));
    }
    if (colon + 1 < end) {
      store("password", decoded(colon + 1, end));
    }
  }

  void read_hosts(std::size_t begin, std::size_t end) {
    std::string hosts;
    std::string ports;
    bool has_port = false;
    for (std::size_t at = begin; at <= end; ++at) {
      if (at != begin) {
        hosts += ',';
        ports += ',';
      }
      std::size_t const host = at;
      if (at < end && url_[at] == '[') {
        std::size_t const bracket = url_.find(']', at);
        if (bracket == std::string_view::npos || bracket >= end || bracket == at + 1) {
          problem("the IPv6 address in the URL at offset " + std::to_string(at) +
                  (bracket == at + 1 ? " is empty" : " has no closing ']'"));
          return;
        }
        hosts += decoded(at + 1, bracket);
        at = bracket + 1;
        if (at < end && url_[at] != ':' && url_[at] != ',') {
          problem("unexpected character in the URL after the ']' at offset " +
                  std::to_string(bracket));
          return;
        }
      } else {
        std::size_t const host_end = url_.find_first_of(":,", at);
        at = host_end < end ? host_end : end;
        hosts += decoded(host, at);
      }
      if (at < end && url_[at] == ':') {
        std::size_t const comma = url_.find(',', at);
        std::size_t const port_end = comma < end ? comma : end;
        ports += decoded(at + 1, port_end);
        has_port = has_port || port_end > at + 1;
        at = port_end;
      }
    }
    if (!hosts.empty()) {
      store("host", std::move(hosts));
    }
    if (has_port) {
      store("port", std::move(ports));
    }
  }

  void read_query(std::size_t begin) {
    while (begin < url_.size()) {
      std::size_t const end = end_of(url_.find('&', begin));
      std::size_t const equals = url_.find('=', begin);
      if (equals >= end) {
        problem("no '=' in the URL's query parameter at offset " + std::to_string(begin));
      } else if (url_.find('=', equals + 1) < end) {
        problem("a second '=' in the URL's query parameter at offset " + std::to_string(begin));
      } else {
        read_parameter(begin, decoded(begin, equals), decoded(equals + 1, end));
      }
      begin = end + 1;
    }
  }

  void read_parameter(std::size_t offset, std::string keyword, std::string value) {
    if (keyword == "ssl" && value == "true") {
      keyword = "sslmode";  // as JDBC has it; libpq takes it, too
      value = "require";
    }
    if (is_keyword(canonical_keyword(keyword))) {
      store(std::move(keyword), std::move(value));
    } else if (is_name(keyword) && !stray_at_) {
      problem(unknown_keyword(keyword));
    } else {
      problem("the URL's query parameter at offset " + std::to_string(offset) +
              " is not a connection keyword of this libpq");
    }
  }

  std::string decoded(std::size_t begin, std::size_t end) {
    return percent_decode(url_.substr(begin, end - begin), begin, result_.problems);
  }
  std::size_t end_of(std::size_t found) const noexcept {
    return found < url_.size() ? found : url_.size();
  }
  void store(std::string keyword, std::string value) {
    result_.settings.push_back({std::move(keyword), std::move(value)});
  }
  void problem(std::string text) { result_.problems.push_back(std::move(text)); }

  std::string_view url_;
  read_settings result_;
  bool stray_at_ = false;
};

}  // namespace pqscope::detail

#endif
