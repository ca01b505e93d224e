#ifndef PQSCOPE_ERROR_ERRORS_HPP
#define PQSCOPE_ERROR_ERRORS_HPP

/// \file
/// Every exception pqscope throws.

#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/error/condition_names.hpp>
#include <pqscope/error/conditions.hpp>
#include <pqscope/error/config_error.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/decode_error.hpp>
#include <pqscope/error/error.hpp>
#include <pqscope/error/pool_error.hpp>
#include <pqscope/error/raise.hpp>
#include <pqscope/error/rollback.hpp>
#include <pqscope/error/server_error.hpp>
#include <pqscope/error/stale_row.hpp>
#include <pqscope/error/transaction_rolled_back.hpp>
#include <pqscope/error/usage_error.hpp>

#endif
