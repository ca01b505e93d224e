#include <catch2/catch_test_macros.hpp>

#include <type_traits>

#include <pqscope/error/conditions.hpp>
#include <pqscope/error/decode_error.hpp>

using namespace pqscope;

namespace {

template <class Derived, class Base>
constexpr bool is_below =
    std::is_base_of_v<Base, Derived> && std::is_convertible_v<Derived*, Base*> &&
    std::is_nothrow_copy_constructible_v<Derived>;

}  // namespace

static_assert(is_below<unique_violation, integrity_constraint_violation>);
static_assert(is_below<integrity_constraint_violation, server_error>);
static_assert(is_below<server_error, error>);
static_assert(is_below<foreign_key_violation, integrity_constraint_violation>);
static_assert(is_below<not_null_violation, integrity_constraint_violation>);
static_assert(is_below<check_violation, integrity_constraint_violation>);
static_assert(is_below<exclusion_violation, integrity_constraint_violation>);
static_assert(is_below<restrict_violation, integrity_constraint_violation>);
static_assert(is_below<serialization_failure, transaction_rollback>);
static_assert(is_below<deadlock_detected, transaction_rollback>);
static_assert(is_below<query_canceled, operator_intervention>);
static_assert(is_below<admin_shutdown, operator_intervention>);
static_assert(is_below<undefined_table, syntax_error_or_access_rule_violation>);
static_assert(is_below<insufficient_privilege, syntax_error_or_access_rule_violation>);
static_assert(is_below<invalid_text_representation, data_exception>);
static_assert(is_below<read_only_sql_transaction, invalid_transaction_state>);
static_assert(is_below<lock_not_available, object_not_in_prerequisite_state>);
static_assert(is_below<too_many_connections, insufficient_resources>);
static_assert(is_below<invalid_password, invalid_authorization_specification>);
static_assert(is_below<raise_exception, plpgsql_error>);
static_assert(is_below<feature_not_supported, server_error>);
static_assert(is_below<invalid_catalog_name, server_error>);
static_assert(is_below<invalid_sql_statement_name, server_error>);
static_assert(!std::is_base_of_v<server_error, too_many_rows>);

TEST_CASE("a condition is made like a server error and answers like one") {
  diagnostics fields;
  fields.severity = "ERROR";
  fields.sqlstate = "40001";
  serialization_failure const failure(fields, "COMMIT");
  CHECK(failure.is_retryable());
  CHECK(failure.sql() == "COMMIT");
}
