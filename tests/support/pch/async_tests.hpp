// Precompiled for the test programs on Asio.
#include <pqscope/asio.hpp>
#include <pqscope/testing.hpp>

#include <asio/io_context.hpp>

#include "tests.hpp"
