// Precompiled for the test programs that use a server: all of the library, which nearly every one
// of their files reads. Test files include what they use all the same.
#include <pqscope/pqscope.hpp>
#include <pqscope/testing.hpp>

#include "tests.hpp"
