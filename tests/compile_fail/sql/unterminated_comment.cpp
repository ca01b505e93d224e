// expect: sql_has_an_unterminated_comment
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute("SELECT /* a /* b */ 1");
#else
  execute("SELECT /* a /* b */ */ 1");
#endif
}
