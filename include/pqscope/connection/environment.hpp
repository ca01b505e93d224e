#ifndef PQSCOPE_CONNECTION_ENVIRONMENT_HPP
#define PQSCOPE_CONNECTION_ENVIRONMENT_HPP

#include <pqscope/connection/ascii.hpp>
#include <pqscope/connection/dotenv.hpp>
#include <pqscope/connection/environment_value.hpp>
#include <pqscope/connection/text_file.hpp>
#include <pqscope/error/config_error.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace pqscope {

/// The variables of the process and of `.env` files, read once and asked by name and type.
///
///     pqscope::environment env;
///     env.add_file(".env");
///     bool const debug = env.get<bool>("DEBUG", false);
///     int const workers = env.get<int>("WORKERS", 4);
///     env.check();  // throws one config_error with everything that was wrong
///
/// A variable of the process wins over one of a file, whatever the case. Names are compared without
/// regard to case; among those of the process, and among those of files, one spelled as asked for
/// wins, then the earlier one. Types are `std::string`, `bool` (`1 0 true false yes no on off t f y
/// n` in any case) and integers (decimal, white space around them allowed).
///
/// A copy of its sources: later changes of the process's environment do not show. Reading the
/// process's environment while another thread changes it is undefined, as with `std::getenv`.
class environment {
 public:
  /// One variable and where it comes from.
  struct variable {
    std::string name;   ///< as spelled there
    std::string value;  ///< expanded
    std::string place;  ///< such as `line 3 of .env`; empty for the process's environment
  };

  /// The environment of the process.
  environment() {
    for (char const* const* entry = ::environ; entry && *entry; ++entry) {
      std::string_view const text = *entry;
      std::size_t const equals = text.find('=');
      if (equals != std::string_view::npos && equals > 0) {
        variables_.push_back(
            {std::string{text.substr(0, equals)}, std::string{text.substr(equals + 1)}, {}});
      }
    }
  }

  /// Takes `variables`, names and values, for the environment of the process.
  explicit environment(std::vector<std::pair<std::string, std::string>> variables) {
    for (auto& [name, value] : variables) {
      variables_.push_back({std::move(name), std::move(value), {}});
    }
  }

  /// Adds the variables of a `.env` file, in the grammar of python-dotenv.
  ///
  /// `path` is relative to the working directory. A missing file is fine unless `required`; what
  /// else is wrong with it becomes a problem. `${NAME}` takes the process's variable, else the
  /// file's earlier one; as in python-dotenv also between single quotes. A key without `=`
  /// is not set, nor any earlier one of its name.
  environment& add_file(std::string const& path, bool required = false) {
    detail::text_file const file = detail::read_text_file(path);
    if (file.error == 0) {
      add_text(file.text, path);
    } else if (required || (file.error != ENOENT && file.error != ENOTDIR)) {
      problems_.push_back(path + ": " + std::generic_category().message(file.error));
    }
    return *this;
  }

  /// Adds what a `.env` file called `name` with this content would add.
  environment& add_text(std::string_view text, std::string const& name) {
    std::size_t const before = variables_.size();
    detail::dotenv_document document = detail::dotenv_reader::read(text);
    for (auto& problem : document.problems) {
      problems_.push_back("line " + std::to_string(problem.line) + " of " + name + ": " +
                          problem.text);
    }
    auto const look_up = [&](std::string_view wanted) { return expansion(wanted, before); };
    for (auto& entry : document.entries) {
      std::optional<std::string> value;
      if (entry.value) {
        value = detail::expand_variables(*entry.value, look_up);
      }
      remove(entry.key, before);
      if (value) {
        variables_.push_back({std::move(entry.key), std::move(*value),
                              "line " + std::to_string(entry.line) + " of " + name});
      }
    }
    return *this;
  }

  /// The variable of this name, null if there is none; valid until the next call of `add_...`.
  variable const* find(std::string_view name) const noexcept {
    variable const* found = nullptr;
    for (auto const& each : variables_) {
      bool const same = each.name == name;
      if (!same && (found || !detail::equal_ignoring_case(each.name, name))) {
        continue;
      }
      if (found && found->place != each.place && found->place.empty()) {
        break;  // the process's variable wins however a file spells it
      }
      found = &each;
      if (same) {
        break;
      }
    }
    return found;
  }

  /// The value of variable `name`; nothing where it is not set, or bad, which is noted as a
  /// problem.
  template <class T>
  std::optional<T> get(std::string_view name) {
    variable const* const found = find(name);
    if (!found) {
      return std::nullopt;
    }
    std::optional<T> value = detail::environment_value<T>::read(found->value);
    if (!value) {
      add_problem(*found, std::string{detail::environment_value<T>::expected});
    }
    return value;
  }

  /// The value of variable `name`, `fallback` where there is none or a bad one, which is noted.
  template <class T>
  T get(std::string_view name, T fallback) {
    std::optional<T> value = get<T>(name);
    return value ? std::move(*value) : std::move(fallback);
  }

  /// The value of variable `name`; a value-initialised one where it is not set or bad, both noted.
  template <class T>
  T require(std::string_view name) {
    if (!find(name)) {
      problems_.push_back(std::string{name} + ": is not set");
    }
    return get<T>(name, T{});
  }

  /// Notes that the value of `bad` is not `expected` ("an integer"). Shows the value unless the
  /// name says that it is a secret.
  void add_problem(variable const& bad, std::string const& expected) {
    std::string const value = detail::names_a_secret(bad.name)
                                  ? std::string{"its value"}
                                  : detail::quoted_for_message(bad.value);
    problems_.push_back(bad.name + ": " + value + " is not " + expected +
                        (bad.place.empty() ? "" : " (" + bad.place + ")"));
  }

  /// All variables: those of the process, then those of the files.
  std::vector<variable> const& variables() const noexcept { return variables_; }

  /// What was wrong so far, one sentence each.
  std::vector<std::string> const& problems() const noexcept { return problems_; }

  /// Throws one `config_error` with all problems, if there are any.
  void check(std::source_location where = std::source_location::current()) const {
    if (!problems_.empty()) {
      throw config_error(problems_, where);
    }
  }

 private:
  std::string const* expansion(std::string_view name, std::size_t file_begin) const noexcept {
    std::string const* found = nullptr;
    for (std::size_t i = 0; i < variables_.size(); ++i) {
      bool const counts = variables_[i].place.empty() || i >= file_begin;
      if (counts && variables_[i].name == name) {
        if (variables_[i].place.empty()) {
          return &variables_[i].value;
        }
        found = &variables_[i].value;
      }
    }
    return found;
  }

  void remove(std::string_view name, std::size_t from) {
    for (std::size_t i = from; i < variables_.size(); ++i) {
      if (variables_[i].name == name) {
        variables_.erase(variables_.begin() + static_cast<std::ptrdiff_t>(i));
        return;
      }
    }
  }

  std::vector<variable> variables_;
  std::vector<std::string> problems_;
};

}  // namespace pqscope

#endif
