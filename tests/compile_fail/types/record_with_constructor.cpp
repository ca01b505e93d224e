// expect: a record must be an aggregate
#include <pqscope/types/record.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
struct subject {
  explicit subject(int i) : id(i) {}
  int id;
};
#else
struct subject {
  int id;
};
#endif

int main() {
  return pqscope::record_size<subject> == 0;
}
