// expect: sql_does_not_end_in_a_nul_byte
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  static constexpr char text[] = {'E', 'N', 'D'};
  execute(text);
#else
  static constexpr char text[] = {'E', 'N', 'D', '\0'};
  execute(text);
#endif
}
