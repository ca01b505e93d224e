#ifndef PQSCOPE_ERROR_CONFIG_ERROR_HPP
#define PQSCOPE_ERROR_CONFIG_ERROR_HPP

#include <pqscope/error/error.hpp>

#include <memory>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace pqscope {

/// A configuration that cannot be used, with everything that is wrong with it at once.
///
/// Names the keys at fault, and never the value of a secret. `what()` holds the problem, or their
/// number and then one problem per line.
class config_error : public error {
 public:
  /// Makes an error about a single problem.
  explicit config_error(std::string const& problem, std::source_location where = {})
      : config_error(std::vector<std::string>{problem}, where) {}

  /// Makes an error about `problems`, kept in their order.
  explicit config_error(std::vector<std::string> problems, std::source_location where = {})
      : error(summary(problems), where),
        problems_(std::make_shared<std::vector<std::string> const>(std::move(problems))) {}

  /// Copies share the problems.
  config_error(config_error const&) noexcept = default;
  /// Copies share the problems.
  config_error& operator=(config_error const&) noexcept = default;

  /// One sentence per problem; valid as long as this exception or a copy of it lives.
  std::vector<std::string> const& problems() const noexcept { return *problems_; }

 private:
  static std::string summary(std::vector<std::string> const& problems) {
    if (problems.size() == 1) {
      return problems.front();
    }
    std::string text = "the configuration has " + std::to_string(problems.size()) + " problems";
    for (std::string const& problem : problems) {
      text += "\n  - ";
      text += problem;
    }
    return text;
  }

  std::shared_ptr<std::vector<std::string> const> problems_;
};

}  // namespace pqscope

#endif
