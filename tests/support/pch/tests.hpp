// Precompiled for the test programs: what nearly every test file reads, which saves a third of the
// time to build them. Test files include what they use all the same.
#include <catch2/catch_test_macros.hpp>

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <source_location>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>
