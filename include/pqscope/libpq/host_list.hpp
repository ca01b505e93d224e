#ifndef PQSCOPE_LIBPQ_HOST_LIST_HPP
#define PQSCOPE_LIBPQ_HOST_LIST_HPP

#include <libpq-fe.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/keyword_value.hpp>

namespace pqscope::libpq {

/// The hosts a connection attempt has before it, after environment, service file and defaults have
/// had their say, and the time each of them is given.
class host_list {
 public:
  /// `connect_timeout`; zero or less: none.
  std::chrono::seconds timeout{0};
  /// What is wrong with `connect_timeout`, which libpq looks at in a blocking connect only; empty
  /// if nothing is.
  std::string problem;

  /// What libpq made of the parameters of a started connection.
  static host_list of(connection_handle const& connection) {
    host_list list;
    options_handle const options{PQconninfo(connection.get())};
    std::vector<std::string> hosts;
    std::vector<std::string> addresses;
    std::vector<std::string> ports;
    for (auto const* option = options.get(); option && option->keyword; ++option) {
      std::string_view const keyword = option->keyword;
      std::string_view const value = option->val ? option->val : "";
      if (value.empty()) {
        continue;
      }
      if (keyword == "host") {
        hosts = split(value);
      } else if (keyword == "hostaddr") {
        addresses = split(value);
      } else if (keyword == "port") {
        ports = split(value);
      } else if (keyword == "connect_timeout") {
        int seconds = 0;
        if (read_integer(value, seconds)) {
          list.timeout = std::chrono::seconds{seconds};
        } else {
          list.problem = "invalid integer value \"" + std::string{value} +
                         "\" for connection option \"connect_timeout\"";
        }
      }
    }
    std::size_t const count = addresses.empty() ? hosts.size() : addresses.size();
    for (std::size_t i = 0; i < (count == 0 ? 1 : count); ++i) {
      list.entries_.push_back({.host = at(hosts, i),
                               .address = at(addresses, i),
                               .port = ports.size() == 1 ? ports.front() : at(ports, i)});
    }
    return list;
  }

  /// Which address libpq is trying now, as a text to compare with an earlier one.
  static std::string current(connection_handle const& connection) {
    std::string name = text(PQhost(connection.get()));
    name += '|';
    name += text(PQhostaddr(connection.get()));
    name += '|';
    name += text(PQport(connection.get()));
    return name;
  }

  /// Leaves out the first entry with this host (or address) and port.
  void remove(std::string_view host, std::string_view port) {
    for (auto each = entries_.begin(); each != entries_.end(); ++each) {
      bool const same_host = each->host.empty() && each->address.empty()
                                 ? entries_.size() == 1
                                 : each->host == host || each->address == host;
      if (same_host && (each->port.empty() || each->port == port)) {
        entries_.erase(each);
        return;
      }
    }
    entries_.clear();
  }

  /// Whether no host is left.
  bool empty() const noexcept { return entries_.empty(); }

  /// The hosts that are left, as parameters that replace the earlier ones.
  std::vector<keyword_value> parameters() const {
    keyword_value host{"host", ""};
    keyword_value address{"hostaddr", ""};
    keyword_value port{"port", ""};
    bool has_address = false;
    bool has_host = false;
    for (entry const& each : entries_) {
      std::string_view const comma = &each == entries_.data() ? "" : ",";
      host.value.append(comma).append(each.host);
      address.value.append(comma).append(each.address);
      port.value.append(comma).append(each.port);
      has_address = has_address || !each.address.empty();
      has_host = has_host || !each.host.empty();
    }
    std::vector<keyword_value> replaced;
    replaced.push_back(std::move(port));
    if (has_host) {
      replaced.push_back(std::move(host));
    }
    if (has_address) {
      replaced.push_back(std::move(address));
    }
    return replaced;
  }

 private:
  struct entry {
    std::string host;
    std::string address;
    std::string port;
  };

  static std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    for (;;) {
      std::size_t const comma = list.find(',');
      parts.emplace_back(list.substr(0, comma));
      if (comma == std::string_view::npos) {
        return parts;
      }
      list.remove_prefix(comma + 1);
    }
  }

  static std::string at(std::vector<std::string> const& list, std::size_t index) {
    return index < list.size() ? list[index] : std::string{};
  }

  static std::string text(char const* value) { return value ? value : ""; }

  /// Reads a number as libpq does, with white space around it and a sign; false if it is none.
  static bool read_integer(std::string_view text, int& number) {
    constexpr std::string_view spaces = " \t\n\v\f\r";
    std::size_t const begin = text.find_first_not_of(spaces);
    if (begin == std::string_view::npos) {
      return false;
    }
    text = text.substr(begin, text.find_last_not_of(spaces) + 1 - begin);
    bool const is_negative = text.front() == '-';
    if (is_negative || text.front() == '+') {
      text.remove_prefix(1);
    }
    constexpr long long largest = 0x7FFFFFFF;
    long long value = 0;
    for (char const digit : text) {
      if (digit < '0' || digit > '9' || value > largest) {
        return false;
      }
      value = value * 10 + (digit - '0');
    }
    if (text.empty() || value > largest) {
      return false;
    }
    number = static_cast<int>(is_negative ? -value : value);
    return true;
  }

  std::vector<entry> entries_;
};

}  // namespace pqscope::libpq

#endif
