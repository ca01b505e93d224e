#include "wire_bytes.hpp"

#include <pqscope/types/array.hpp>
#include <pqscope/types/boolean.hpp>
#include <pqscope/types/bytea.hpp>
#include <pqscope/types/floating.hpp>
#include <pqscope/types/integer.hpp>
#include <pqscope/types/json.hpp>
#include <pqscope/types/parameters.hpp>
#include <pqscope/types/text.hpp>
#include <pqscope/types/uuid.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace oid = pqscope::oid;
using pqscope::parameter_pack;
using namespace std::string_literals;

namespace {

auto const here = std::source_location::current();

std::string_view value_of(pqscope::libpq::parameters const& view, std::size_t i) {
  return view.formats[i] == 0
             ? std::string_view(view.values[i])
             : std::string_view(view.values[i], static_cast<std::size_t>(view.lengths[i]));
}

/// A page of memory followed by one that must not be touched.
class guarded_page {
 public:
  guarded_page() : size_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    memory_ = mmap(nullptr, 2 * size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory_ != MAP_FAILED);
    REQUIRE(mprotect(static_cast<char*>(memory_) + size_, size_, PROT_NONE) == 0);
  }
  guarded_page(guarded_page const&) = delete;
  guarded_page& operator=(guarded_page const&) = delete;
  ~guarded_page() { munmap(memory_, 2 * size_); }

  /// Copies `text` to where its last byte is the last one that can be read.
  char* put_at_end(std::string_view text) {
    char* const target = static_cast<char*>(memory_) + size_ - text.size();
    std::memcpy(target, text.data(), text.size());
    return target;
  }

 private:
  std::size_t size_;
  void* memory_ = nullptr;
};

}  // namespace

TEST_CASE("values are bound with type, format and bytes") {
  std::string const text = "def";
  parameter_pack const pack{here, 7, true, "abc", text, std::string_view("ghi"), std::int64_t{-1}};
  auto const view = pack.view();
  REQUIRE(view.count == 6);
  CHECK(view.types[0] == oid::int4);
  CHECK(view.types[1] == oid::boolean);
  CHECK(view.types[2] == 0);
  CHECK(view.types[5] == oid::int8);
  CHECK(view.formats[0] == 1);
  CHECK(view.formats[2] == 0);
  CHECK(view.formats[4] == 0);
  CHECK(value_of(view, 0) == bytes({0, 0, 0, 7}));
  CHECK(value_of(view, 1) == bytes({1}));
  CHECK(value_of(view, 2) == "abc");
  CHECK(value_of(view, 3) == "def");
  CHECK(value_of(view, 4) == "ghi");
  CHECK(value_of(view, 5) == bytes({255, 255, 255, 255, 255, 255, 255, 255}));
}

TEST_CASE("no parameters at all can be bound") {
  parameter_pack const pack{here};
  CHECK(pack.view().count == 0);
}

TEST_CASE("NULL is written in six ways") {
  char const* const null_text = nullptr;
  parameter_pack const pack{here,
                            std::nullopt,
                            nullptr,
                            std::optional<int>(),
                            std::optional<std::string>(),
                            null_text,
                            std::optional<std::vector<int>>()};
  auto const view = pack.view();
  for (int i = 0; i < view.count; ++i) {
    CHECK(view.values[i] == nullptr);
  }
  CHECK(view.types[0] == 0);
  CHECK(view.types[1] == 0);
  CHECK(view.types[2] == oid::int4);
  CHECK(view.types[3] == 0);
  CHECK(view.types[5] == oid::int4_array);
}

TEST_CASE("an optional with a value is bound as the value") {
  std::optional<std::string> const text = "abc";
  parameter_pack const pack{here, std::optional<int>(7), text};
  auto const view = pack.view();
  CHECK(value_of(view, 0) == bytes({0, 0, 0, 7}));
  CHECK(view.values[1] == text->c_str());
}

TEST_CASE("what lies in memory as PostgreSQL wants it is not copied") {
  std::string const text = "abc";
  std::vector<std::byte> const blob(3);
  pqscope::uuid const id;
  pqscope::json const document("{}");
  parameter_pack const pack{here, text, blob, id, document, "literal"};
  auto const view = pack.view();
  CHECK(view.values[0] == text.c_str());
  CHECK(static_cast<void const*>(view.values[1]) == static_cast<void const*>(blob.data()));
  CHECK(view.lengths[1] == 3);
  CHECK(static_cast<void const*>(view.values[2]) == static_cast<void const*>(id.bytes.data()));
  CHECK(view.values[3] == document.text().c_str());
}

TEST_CASE("empty values are not NULL") {
  std::string const text;
  std::vector<std::byte> const blob;
  parameter_pack const pack{here, "", text, std::string_view(), blob};
  auto const view = pack.view();
  for (int i = 0; i < view.count; ++i) {
    REQUIRE(view.values[i] != nullptr);
    CHECK(value_of(view, static_cast<std::size_t>(i)).empty());
  }
}

TEST_CASE("values keep their bytes when the buffer moves to the heap") {
  std::string const large(5000, 'x');
  std::string_view const large_view = large;
  parameter_pack const pack{here, 1, std::string_view("abc"), large_view, 2, large_view};
  auto const view = pack.view();
  CHECK(value_of(view, 0) == bytes({0, 0, 0, 1}));
  CHECK(value_of(view, 1) == "abc");
  CHECK(value_of(view, 2) == large);
  CHECK(value_of(view, 3) == bytes({0, 0, 0, 2}));
  CHECK(value_of(view, 4) == large);
}

TEST_CASE("a string_view at the end of a page is not read past its end") {
  guarded_page page;
  std::string_view const text(page.put_at_end("last"), 4);
  parameter_pack const pack{here, text};
  CHECK(value_of(pack.view(), 0) == "last");
}

TEST_CASE("a char array without NUL at the end of a page is not read past its end") {
  guarded_page page;
  char* const memory = page.put_at_end("last");
  auto const& text = *reinterpret_cast<char const(*)[4]>(memory);
  parameter_pack const pack{here, text};
  CHECK(value_of(pack.view(), 0) == "last");
}

TEST_CASE("a NUL byte in a text is a usage_error that names the parameter and no value") {
  std::string const text = "secret\0more"s;
  auto const message_of = [](auto&& bind) -> std::string {
    try {
      bind();
    } catch (pqscope::usage_error const& e) {
      CHECK(e.where().line() == here.line());
      return e.what();
    }
    return "nothing was thrown";
  };
  auto const by_string = message_of([&] { parameter_pack const pack{here, 1, text}; });
  CHECK(by_string.find("$2") != std::string::npos);
  CHECK(by_string.find("NUL") != std::string::npos);
  CHECK(by_string.find("secret") == std::string::npos);
  auto const by_view =
      message_of([&] { parameter_pack const pack{here, 1, 2, std::string_view(text)}; });
  CHECK(by_view.find("$3") != std::string::npos);
  auto const by_array =
      message_of([&] { parameter_pack const pack{here, std::vector<std::string>{text}}; });
  CHECK(by_array.find("$1") != std::string::npos);
  CHECK(message_of([&] { parameter_pack const pack{here, '\0'}; }).find("$1") != std::string::npos);
}

TEST_CASE("a value its type cannot hold is a usage_error that names the parameter") {
  try {
    parameter_pack const pack{here, 1, 18446744073709551615U};
    FAIL("nothing was thrown");
  } catch (pqscope::usage_error const& e) {
    CHECK(std::string(e.what()).find("$2") != std::string::npos);
    CHECK(std::string(e.what()).find("18446744073709551615") == std::string::npos);
  }
  std::vector<std::vector<int>> const ragged{{1}, {}};
  CHECK_THROWS_AS((parameter_pack{here, ragged}), pqscope::usage_error);
}

TEST_CASE("what can be bound is known while compiling") {
  struct stranger {};
  STATIC_CHECK(pqscope::bindable_value<int>);
  STATIC_CHECK(pqscope::bindable_value<char const*>);
  STATIC_CHECK(pqscope::bindable_value<char const(&)[4]>);
  STATIC_CHECK(pqscope::bindable_value<std::nullptr_t>);
  STATIC_CHECK(pqscope::bindable_value<std::nullopt_t>);
  STATIC_CHECK(pqscope::bindable_value<std::span<std::byte>>);
  STATIC_CHECK(pqscope::bindable_value<std::optional<std::vector<int>>>);
  STATIC_CHECK_FALSE(pqscope::bindable_value<stranger>);
  STATIC_CHECK_FALSE(pqscope::bindable_value<int*>);
  STATIC_CHECK_FALSE(pqscope::bindable_value<std::vector<stranger>>);
  STATIC_CHECK_FALSE(pqscope::bindable_value<wchar_t>);
}
