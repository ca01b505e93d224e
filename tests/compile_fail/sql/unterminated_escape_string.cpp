// expect: sql_has_an_unterminated_quoted_string
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute(R"(SELECT E'a\')");
#else
  execute(R"(SELECT 'a\')");
#endif
}
