// expect: pqscope
#include <pqscope/pqscope.hpp>

struct opaque {
  int* pointer;
};

void snippet(pqscope::connection& conn) {
  opaque const given{nullptr};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  conn.execute("SELECT $1", given);
#else
  conn.execute("SELECT $1::int", given.pointer == nullptr ? 1 : 0);
#endif
}
