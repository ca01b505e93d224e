#include <catch2/catch_test_macros.hpp>
#include <pqscope/mapping/nullability.hpp>

#include <string_view>

using pqscope::detail::excludes_null;

TEST_CASE("a comparison lets no NULL of its operands pass") {
  for (std::string_view const condition :
       {"(a.x = $1)", "($1 = a.x)", "(a.x < b.y)", "(b.y >= a.x)", "(a.x IS NOT NULL)",
        "((a.x)::text = ($1)::text)", "((a.x)::text ~~ 'b%'::text)", "(a.x = ANY ($1))",
        "((a.y = 1) AND (a.x = 2))", "((a.x IS NOT NULL) AND (a.y = 1) AND (b.z = 3))",
        "((a.y = ') AND ('::text) AND (a.x = 1))", "((a.x)::text IS NOT NULL)",
        "(b.y = (a.x)::text)", "((b.y)::text = (a.x)::text)"}) {
    CAPTURE(condition);
    CHECK(excludes_null(condition, "a.x"));
  }
}

TEST_CASE("anything that may be true of NULL is not taken for a comparison") {
  for (std::string_view const condition : {"(a.x IS NULL)",
                                           "((a.x = 1) OR (a.y = 2))",
                                           "((a.x = $1) IS NOT TRUE)",
                                           "(NOT (a.x = 1))",
                                           "(a.x <> ALL ('{}'::integer[]))",
                                           "(a.x IS DISTINCT FROM 1)",
                                           "(COALESCE(a.x, 1) = 1)",
                                           "((a.y = 1) AND ((a.x = 1) OR (a.y = 2)))",
                                           "(CASE WHEN (a.x = 1) THEN true ELSE false END)",
                                           "(ba.x = 1)",
                                           "(a.xx = 1)",
                                           "(a.y = 1)",
                                           "",
                                           "(",
                                           "((a.x = 1",
                                           "false",
                                           "((a.y IS NULL) OR (a.x = 1))",
                                           "((a.y = 1) OR (b.y = (a.x)::text))",
                                           "(b.y IS DISTINCT FROM (a.x)::text)",
                                           "((b.y = (a.x)::text) IS NOT TRUE)",
                                           "f((a.x)::text)",
                                           "(f(1) = f((a.x)::text))"}) {
    CAPTURE(condition);
    CHECK_FALSE(excludes_null(condition, "a.x"));
  }
}
