// expect: sql_has_an_unterminated_dollar_quote
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute("SELECT $a$ x $b$");
#else
  execute("SELECT $a$ x $a$");
#endif
}
