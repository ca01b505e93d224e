// expect: sql_has_an_unterminated_quoted_identifier
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute(R"(SELECT "a)");
#else
  execute(R"(SELECT "a")");
#endif
}
