// expect: pqscope::sql<>
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
  static constexpr char const* text = "SELECT 1";
  static_cast<void>(text);
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute(text);
#else
  execute("SELECT 1");
#endif
}
