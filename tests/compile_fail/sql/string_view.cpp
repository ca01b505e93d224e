// expect: pqscope::sql<>
#include <pqscope/sql/sql.hpp>

#include <string_view>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
  constexpr std::string_view text = "SELECT 1";
  static_cast<void>(text);
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute(text);
#else
  execute("SELECT 1");
#endif
}
