#include <catch2/catch_test_macros.hpp>
#include <pqscope/error/decode_error.hpp>
#include <pqscope/mapping/nullability.hpp>

#include <string>
#include <string_view>

namespace {

using pqscope::detail::nullness;
using pqscope::detail::plan_node;

plan_node read(std::string const& plan) {
  return pqscope::detail::plan_reader{"[{\"Plan\": " + plan + "}]"}.read();
}

/// A scan of `table` under its own name, which makes `output`.
std::string scan(std::string const& table, std::string const& output,
                 std::string const& relationship, std::string const& more = "") {
  return R"({"Node Type": "Seq Scan", "Parent Relationship": ")" + relationship +
         R"(", "Schema": "public", "Relation Name": ")" + table + R"(", "Alias": ")" + table +
         R"(", "Output": [)" + output + "]" + more + "}";
}

std::string join(std::string const& kind, std::string const& more = "") {
  return R"({"Node Type": "Hash Join", "Join Type": ")" + kind +
         R"(", "Output": ["a.id", "b.name"], "Inner Unique": true)" + more + R"(, "Plans": [)" +
         scan("a", R"("a.id", "a.x")", "Outer") + "," +
         R"({"Node Type": "Hash", "Parent Relationship": "Inner", "Output": ["b.name"], "Plans": [)" +
         scan("b", R"("b.name")", "Outer") + "]}]}";
}

}  // namespace

TEST_CASE("an outer join leaves the side empty that need not be there") {
  auto const of = [](std::string const& kind, std::string_view column) {
    return nullness_of(read(join(kind)), column);
  };
  CHECK(of("Inner", "a.id") == nullness::as_table);
  CHECK(of("Inner", "b.name") == nullness::as_table);
  CHECK(of("Left", "a.id") == nullness::as_table);
  CHECK(of("Left", "b.name") == nullness::possible);
  CHECK(of("Right", "a.id") == nullness::possible);
  CHECK(of("Right", "b.name") == nullness::as_table);
  CHECK(of("Full", "a.id") == nullness::possible);
  CHECK(of("Full", "b.name") == nullness::possible);
  CHECK(of("Anti", "b.name") == nullness::possible);
  CHECK(of("Right Anti", "a.id") == nullness::possible);
  CHECK(of("Semi", "a.id") == nullness::as_table);
  CHECK(of("Left", "c.name") == nullness::absent);
}

TEST_CASE("a condition above an outer join counts, one of the join itself does not") {
  auto const filtered = read(join("Left", R"~(, "Filter": "(b.name = 'x'::text)")~"));
  CHECK(nullness_of(filtered, "b.name") == nullness::never);
  auto const joined = read(join("Left", R"~(, "Hash Cond": "(a.x = b.name)")~"));
  CHECK(nullness_of(joined, "b.name") == nullness::possible);
  auto const inner = read(join("Inner", R"~(, "Hash Cond": "(a.x = b.name)")~"));
  CHECK(nullness_of(inner, "b.name") == nullness::never);
}

TEST_CASE("a grouping set without a column leaves it empty") {
  auto const plan = read(
      R"~({"Node Type": "Aggregate", "Output": ["x", "y", "count(*)"], "Grouping Sets": [
          {"Hash Keys": [["a.x", "a.y"]]}, {"Sort Key": ["a.x"], "Group Keys": [["a.x"]]}],
          "Plans": [)~" +
      scan("a", R"("id", "x", "y")", "Outer") + "]}");
  CHECK(nullness_of(plan, "x") == nullness::as_table);
  CHECK(nullness_of(plan, "y") == nullness::possible);
}

TEST_CASE("what a statement writes is not what it has read") {
  auto const plan = read(
      R"({"Node Type": "ModifyTable", "Operation": "Update", "Alias": "a", "Relation Name": "a",
          "Schema": "public", "Output": ["a.x", "b.name"], "Plans": [)" +
      std::string(R"({"Node Type": "Nested Loop", "Join Type": "Inner", "Output": ["NULL::text",
                      "b.name"], "Parent Relationship": "Outer", "Plans": [)") +
      scan("a", R"("a.x")", "Outer", R"~(, "Filter": "(a.x IS NOT NULL)")~") + "," +
      scan("b", R"("b.name")", "Inner", R"~(, "Filter": "(b.name = 'x'::text)")~") + "]}]}");
  CHECK(nullness_of(plan, "a.x") == nullness::as_table);
  CHECK(nullness_of(plan, "b.name") == nullness::never);
}

TEST_CASE("the rows of several relations have to agree") {
  auto const append = [](std::string const& first, std::string const& second) {
    return read(R"({"Node Type": "Append", "Output": ["a.x"], "Plans": [)" +
                scan("a_1", R"("a_1.x")", "Member", first) + "," +
                scan("a_2", R"("a_2.x")", "Member", second) + "]}");
  };
  CHECK(nullness_of(append("", ""), "a.x") == nullness::as_table);
  CHECK(nullness_of(append(R"~(, "Filter": "(a_1.x = 1)")~", ""), "a.x") == nullness::as_table);
  CHECK(nullness_of(append(R"~(, "Filter": "(a_1.x = 1)")~", R"~(, "Filter": "(a_2.x = 1)")~"),
                    "a.x") == nullness::never);
}

TEST_CASE("an Append says nothing of what it makes: its parts do") {
  auto const plan =
      read(R"({"Node Type": "Sort", "Output": ["a.x", "a.y"], "Plans": [{
      "Node Type": "Append", "Parent Relationship": "Outer", "Plans": [)" +
           scan("a_1", R"("a_1.y", "a_1.x")", "Member") + "," +
           scan("a_2", R"("a_2.y", "a_2.x")", "Member", R"~(, "Filter": "(a_2.x = 1)")~") + "]}]}");
  CHECK(output_of(plan.plans[0])[0] == "a_1.y");
  CHECK(nullness_of(plan, "a.x") == nullness::as_table);
  CHECK(nullness_of(plan.plans[0], "a_1.x") == nullness::as_table);
  CHECK(nullness_of(plan.plans[0].plans[1], "a_2.x") == nullness::never);
  CHECK(nullness_of(plan.plans[0], "a_1.z") == nullness::absent);
}

TEST_CASE("what a row that is deleted fulfilled is told by its scan") {
  auto const plan = read(
      R"({"Node Type": "ModifyTable", "Operation": "Delete", "Alias": "a", "Relation Name": "a",
          "Schema": "public", "Output": ["x", "y"], "Plans": [)" +
      scan("a", R"("ctid")", "Outer", R"~(, "Filter": "(a.x IS NOT NULL)")~") + "]}");
  CHECK(nullness_of(plan, "x") == nullness::never);
  CHECK(nullness_of(plan, "y") == nullness::as_table);
}

TEST_CASE("an expression of a plan is a column of a relation, or none") {
  auto const plan = read(join("Left"));
  auto const column = plan_column_of(plan, "b.name");
  CHECK(column.schema == "public");
  CHECK(column.relation == "b");
  CHECK(column.column == "name");
  CHECK(plan_column_of(plan, "c.name").relation.empty());
  CHECK(plan_column_of(plan, "upper(b.name)").relation.empty());
  CHECK(plan_column_of(plan, "(b.name || 'x'::text)").relation.empty());
  CHECK(plan_column_of(plan, "name").relation.empty());
  auto const single = read(scan("My Table", R"("\"A column\"", "1.5")", "Outer"));
  CHECK(plan_column_of(single, "\"A column\"").column == "\"A column\"");
  CHECK(plan_column_of(single, "\"My Table\".\"A column\"").relation == "My Table");
}

TEST_CASE("a text that is no plan is refused, and that of several plans is none") {
  using pqscope::detail::plan_reader;
  CHECK(plan_reader{"[]"}.read().type.empty());
  CHECK(plan_reader{R"([{"Plan": {"Node Type": "A"}}, {"Plan": {"Node Type": "B"}}])"}
            .read()
            .type.empty());
  CHECK(plan_reader{R"([{"Query Identifier": -1, "Plan": {"Node Type": "A \"b\" \\ \u0001"}}])"}
            .read()
            .type == "A \"b\" \\  ");
  std::string const whole = "[{\"Plan\": " + join("Left") + "}]";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_THROWS_AS(plan_reader{std::string_view(whole).substr(0, size)}.read(),
                    pqscope::decode_error);
  }
}
