#ifndef PQSCOPE_CONNECTION_KEYWORD_HPP
#define PQSCOPE_CONNECTION_KEYWORD_HPP

#include <pqscope/libpq/conninfo.hpp>
#include <pqscope/libpq/keyword_value.hpp>

#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope::detail {

/// What was read from a URL or a connection string, with all that was wrong with it.
struct read_settings {
  std::vector<libpq::keyword_value> settings;  ///< in the order of the text; later ones win
  std::vector<std::string> problems;           ///< one sentence each, without any value
};

/// Every keyword of the libpq in use; asked once per process, safe from any thread.
inline std::vector<libpq::conninfo_option> const& known_keywords() {
  static std::vector<libpq::conninfo_option> const known = [] {
    libpq::conninfo_result parsed = libpq::parse_conninfo("");
    if (parsed.options.empty()) {
      throw std::bad_alloc{};
    }
    return std::move(parsed.options);
  }();
  return known;
}

/// `keyword`, or `dbname` for its alias `database`.
inline std::string_view canonical_keyword(std::string_view keyword) noexcept {
  return keyword == "database" ? std::string_view{"dbname"} : keyword;
}

/// Whether the libpq in use has this keyword; `database` is none of them.
inline bool is_keyword(std::string_view keyword) {
  for (auto const& known : known_keywords()) {
    if (known.keyword == keyword) {
      return true;
    }
  }
  return false;
}

/// Whether the value of this keyword or variable must never be shown, judged by libpq's own mark
/// and by the name.
inline bool is_secret(std::string_view keyword) {
  for (auto const& known : known_keywords()) {
    if (known.keyword == keyword && known.is_secret) {
      return true;
    }
  }
  for (std::string_view const part : {"password", "secret", "scram_client_key"}) {
    if (keyword.find(part) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

/// The complaint about a keyword that libpq does not know.
inline std::string unknown_keyword(std::string_view keyword) {
  return "\"" + std::string{keyword} + "\" is not a connection keyword of this libpq";
}

/// Renames `database` to `dbname`; a problem where both are there with different values.
inline void resolve_database_alias(read_settings& read) {
  std::string const* dbname = nullptr;
  std::string const* database = nullptr;
  for (auto const& [keyword, value] : read.settings) {
    if (keyword == "dbname") {
      dbname = &value;
    } else if (keyword == "database") {
      database = &value;
    }
  }
  if (dbname && database && *dbname != *database) {
    read.problems.push_back("\"dbname\" and its alias \"database\" have different values");
  }
  for (auto& setting : read.settings) {
    if (setting.keyword == "database") {
      setting.keyword = "dbname";
    }
  }
}

}  // namespace pqscope::detail

#endif
