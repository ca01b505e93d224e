// expect: would outlive the rows it refers to
#include <pqscope/pqscope.hpp>

#include <string>
#include <string_view>

void snippet(pqscope::config const& db) {
  auto const name = pqscope::with_session(db, [](auto& s) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
    return s.template query<std::string_view>("SELECT 'a'").one();
#else
    return s.template query<std::string>("SELECT 'a'").one();
#endif
  });
  static_cast<void>(name.size());
}
