// expect: a record must not have a union
#include <pqscope/types/record.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
struct subject {
  int id;
  union {
    int count;
    float share;
  };
};
#else
struct subject {
  int id;
  int count;
  float share;
};
#endif

int main() {
  return pqscope::record_size<subject> == 0;
}
