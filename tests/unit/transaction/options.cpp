#include <pqscope/transaction/options.hpp>

#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using pqscope::isolation;
using pqscope::transaction_options;
using pqscope::detail::begin_text;

TEST_CASE("options come to the text of BEGIN, and what is unset is not in it") {
  std::vector<std::pair<std::optional<isolation>, std::string>> const levels{
      {std::nullopt, ""},
      {isolation::read_uncommitted, " ISOLATION LEVEL READ UNCOMMITTED"},
      {isolation::read_committed, " ISOLATION LEVEL READ COMMITTED"},
      {isolation::repeatable_read, " ISOLATION LEVEL REPEATABLE READ"},
      {isolation::serializable, " ISOLATION LEVEL SERIALIZABLE"}};
  std::vector<std::pair<std::optional<pqscope::access>, std::string>> const modes{
      {std::nullopt, ""},
      {pqscope::access::read_only, " READ ONLY"},
      {pqscope::access::read_write, " READ WRITE"}};
  std::vector<std::pair<std::optional<bool>, std::string>> const waits{
      {std::nullopt, ""}, {true, " DEFERRABLE"}, {false, " NOT DEFERRABLE"}};
  for (auto const& [level, level_text] : levels) {
    for (auto const& [mode, mode_text] : modes) {
      for (auto const& [waiting, waiting_text] : waits) {
        transaction_options const options{
            .isolation = level, .access = mode, .deferrable = waiting};
        CHECK(begin_text(options) == "BEGIN" + level_text + mode_text + waiting_text);
      }
    }
  }
}
