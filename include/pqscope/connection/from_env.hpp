#ifndef PQSCOPE_CONNECTION_FROM_ENV_HPP
#define PQSCOPE_CONNECTION_FROM_ENV_HPP

#include <pqscope/connection/config_declaration.hpp>
#include <pqscope/connection/config_settings.hpp>
#include <pqscope/connection/config_text.hpp>
#include <pqscope/connection/environment.hpp>
#include <pqscope/connection/keyword.hpp>
#include <pqscope/connection/port_list.hpp>
#include <pqscope/connection/url.hpp>

#include <cstdio>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

/// What becomes of variables that begin with the prefix and are none of `config::from_env`'s.
enum class unknown_keys {
  ignore,  ///< nothing: they are for others
  warn,    ///< a sentence into `env_options::warnings`, or to stderr where that is null
  forbid,  ///< a problem in the `config_error`
};

/// Where `config::from_env` looks.
///
/// `overrides` win over the environment, the environment over the `.env` file, the file over
/// `defaults`. The variables are `prefix` followed by `HOST`, `PORT`, `USER`, `PASSWORD`, `NAME`
/// (also `DBNAME`, `DATABASE`) or any other keyword of libpq, in any case.
struct env_options {
  std::string prefix =
      "DB_";               ///< what the names begin with; with none, only a file's keys are unknown
  std::string env_file{};  ///< a file in python-dotenv's grammar, empty for none; may be missing
  pqscope::unknown_keys unknown_keys = pqscope::unknown_keys::ignore;  ///< what to do with others
  bool require_env_file = false;     ///< makes a missing `env_file` a problem
  std::string url_variable{};        ///< a variable with a whole URL, such as `DATABASE_URL`; the
                                     ///< single variables win over it. Empty: none
  std::vector<std::string> known{};  ///< whole names that begin with the prefix and are not unknown
  config overrides{};                ///< explicit values: their variables are not even looked at
  config defaults{};                 ///< for what nothing else sets
  std::vector<std::string>* warnings = nullptr;  ///< where warnings go; must outlive the call
  /// Names and values to use in place of the process's environment, for tests.
  std::optional<std::vector<std::pair<std::string, std::string>>> variables{};
};

namespace detail {

inline env_options const& default_env_options() {
  static env_options const options;
  return options;
}

/// Reads a config from an environment, step by step as `env_options` say.
class env_reader {
 public:
  /// Reads the sources of `options`, which must outlive the reader.
  explicit env_reader(env_options const& options)
      : options_{options},
        environment_{options.variables ? environment{*options.variables} : environment{}} {
    if (!options.env_file.empty()) {
      environment_.add_file(options.env_file, options.require_env_file);
    }
  }

  /// The config, or a `config_error` with every problem.
  config read(std::source_location where) {
    read_url();
    for (auto const& known : known_keywords()) {
      read_keyword(known.keyword);
    }
    check_unknown();
    std::vector<std::string> problems = environment_.problems();
    for (std::string& problem : problems_) {
      problems.push_back(std::move(problem));
    }
    return finished(options_.defaults.merged_with(made_), options_.overrides, std::move(problems),
                    where);
  }

 private:
  using variable = environment::variable;

  void read_url() {
    variable const* const found =
        options_.url_variable.empty() ? nullptr : environment_.find(options_.url_variable);
    if (!found) {
      return;
    }
    std::vector<std::string> problems;
    made_ = config_of(url_reader::read(found->value), options_.overrides, problems);
    for (std::string const& problem : problems) {
      problems_.push_back(found->name + ": " + problem);
    }
  }

  void read_keyword(std::string const& keyword) {
    if (options_.overrides.get(keyword) || (keyword == "password" && options_.overrides.password)) {
      return;
    }
    variable const* const found =
        keyword == "dbname" ? find_database() : environment_.find(name_of(keyword));
    if (!found) {
      return;
    }
    if (keyword == "port" && (trim(found->value).empty() || !is_port_list(found->value))) {
      environment_.add_problem(*found, std::string{expected_port});
    } else if (setting_problem(keyword, found->value, false).empty()) {
      put(made_, keyword, found->value);
    } else {
      problems_.push_back(found->name + ": " + setting_problem(keyword, found->value, false));
    }
  }

  /// The variable of any of the names for the database; two that differ are a problem.
  variable const* find_database() {
    variable const* found = nullptr;
    for (std::string_view const suffix : database_names) {
      variable const* const other = environment_.find(name_of(suffix));
      if (!other || (found && found->place.empty() && !other->place.empty())) {
        continue;
      }
      if (found && found->place.empty() == other->place.empty() && found->value != other->value) {
        problems_.push_back(found->name + " and " + other->name + " have different values");
      }
      found = found && !(other->place.empty() && !found->place.empty()) ? found : other;
    }
    return found;
  }

  void check_unknown() {
    if (options_.unknown_keys == unknown_keys::ignore) {
      return;
    }
    for (variable const& each : environment_.variables()) {
      if ((options_.prefix.empty() && each.place.empty()) || !has_prefix(each.name) ||
          is_known(each.name)) {
        continue;
      }
      std::string sentence =
          each.name + ": unknown key" + (each.place.empty() ? "" : " (" + each.place + ")");
      if (options_.unknown_keys == unknown_keys::forbid) {
        problems_.push_back(std::move(sentence));
      } else if (options_.warnings) {
        options_.warnings->push_back(std::move(sentence));
      } else {
        static_cast<void>(std::fprintf(stderr, "pqscope: %s\n", sentence.c_str()));
      }
    }
  }

  bool has_prefix(std::string_view name) const noexcept {
    return equal_ignoring_case(name.substr(0, options_.prefix.size()), options_.prefix);
  }

  bool is_known(std::string_view name) const {
    if (equal_ignoring_case(name, options_.url_variable)) {
      return true;
    }
    for (std::string const& known : options_.known) {
      if (equal_ignoring_case(name, known)) {
        return true;
      }
    }
    std::string_view const suffix = name.substr(options_.prefix.size());
    for (std::string_view const known : database_names) {
      if (equal_ignoring_case(suffix, known)) {
        return true;
      }
    }
    for (auto const& known : known_keywords()) {
      if (equal_ignoring_case(suffix, known.keyword)) {
        return true;
      }
    }
    return false;
  }

  std::string name_of(std::string_view keyword) const {
    return options_.prefix + to_upper(keyword);
  }

  static constexpr std::string_view database_names[] = {"NAME", "DBNAME", "DATABASE"};

  env_options const& options_;
  environment environment_;
  config made_;
  std::vector<std::string> problems_;
};

}  // namespace detail

inline config config::from_env(env_options const& options, std::source_location where) {
  return detail::env_reader{options}.read(where);
}

}  // namespace pqscope

#endif
