#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <type_traits>

#include <pqscope/error/errors.hpp>

static_assert(std::is_base_of_v<pqscope::error, pqscope::commit_in_doubt>);
static_assert(std::is_base_of_v<pqscope::error, pqscope::transaction_rolled_back>);
static_assert(std::is_base_of_v<pqscope::error, pqscope::server_error>);

TEST_CASE("the generated headers agree with PostgreSQL's own list of codes") {
  namespace fs = std::filesystem;
  fs::path const script = fs::path(__FILE__).parent_path() / "../../support/generate_conditions.py";
  if (!fs::exists(script) || std::system("python3 -c '' >/dev/null 2>&1") != 0) {
    SKIP("the generator cannot be run here");
  }
  int lists = 0;
  for (char const* const root : {"/usr/share/postgresql", "/usr/share/pgsql"}) {
    if (!fs::is_directory(root)) {
      continue;
    }
    for (auto const& entry : fs::recursive_directory_iterator(root)) {
      if (entry.path().filename() == "errcodes.txt") {
        ++lists;
        std::string const command =
            "python3 '" + script.string() + "' --check '" + entry.path().string() + "'";
        CHECK(std::system(command.c_str()) == 0);
      }
    }
  }
  if (lists == 0) {
    SKIP("PostgreSQL's errcodes.txt is not installed here");
  }
}
