// expect: constant expression
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  char text[] = "SELECT 1";
  execute(text);
#else
  static constexpr char text[] = "SELECT 1";
  execute(text);
#endif
}
